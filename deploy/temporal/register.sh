#!/bin/sh
# Makes what sessions need of a Temporal server, and what is there already stays: the namespace with its retention, and
# the search attributes. Reads TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE and RETENTION.
set -eu
namespace=${TEMPORAL_NAMESPACE:-default}
retention=${RETENTION:-30d}

# Runs a command until it succeeds, for a minute; then once more, to say what it says.
patiently() {
  for _ in $(seq 60); do
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 1
  done
  "$@" >&2
}

patiently temporal operator cluster health
temporal operator namespace describe -n "$namespace" >/dev/null 2>&1 ||
  temporal operator namespace create -n "$namespace" --retention "$retention"
# A namespace that was made just now is not known everywhere at once.
patiently temporal operator namespace update -n "$namespace" --retention "$retention"
patiently temporal operator search-attribute list -n "$namespace"

known=$(temporal operator search-attribute list -n "$namespace")
for attribute in ResearchState=Keyword ResearchRounds=Int ResearchBatch=Keyword; do
  name=${attribute%=*}
  case $known in *"$name"*) continue ;; esac
  temporal operator search-attribute create -n "$namespace" --name "$name" --type "${attribute#*=}"
done
echo "The namespace $namespace is ready."
