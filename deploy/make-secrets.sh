#!/bin/sh
# Makes the files of deploy/secrets that are not there yet: passwords by chance, and an empty file for each key that
# somebody may fill in. Git leaves the folder out.
set -eu
cd "$(dirname "$0")"
mkdir -p secrets
chmod 700 secrets
for name in postgres_password grafana_password searxng_secret; do
  [ -s "secrets/$name" ] || head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n' >"secrets/$name"
done
for name in llm_server_api_key serper_api_key; do
  [ -e "secrets/$name" ] || : >"secrets/$name"
done
# Containers read them as users of their own.
chmod 644 secrets/*
echo "Secrets are in deploy/secrets; put keys of model servers and search providers into their files there."
