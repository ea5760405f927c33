#!/bin/sh
# Makes what sessions need of a Temporal server, and what is there already stays: the namespace with its retention, and
# the search attributes. Reads TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE and RETENTION.
set -eu
namespace=${TEMPORAL_NAMESPACE:-default}

until temporal operator cluster health >/dev/null 2>&1; do sleep 1; done
temporal operator namespace describe "$namespace" >/dev/null 2>&1 ||
  temporal operator namespace create --retention "${RETENTION:-30d}" "$namespace"
temporal operator namespace update --retention "${RETENTION:-30d}" "$namespace"

# A namespace that was made just now is not known everywhere at once.
until temporal operator search-attribute list --namespace "$namespace" >/dev/null 2>&1; do sleep 1; done
known=$(temporal operator search-attribute list --namespace "$namespace")
for attribute in ResearchState=Keyword ResearchRounds=Int ResearchBatch=Keyword; do
  name=${attribute%=*}
  case $known in *"$name"*) continue ;; esac
  temporal operator search-attribute create --namespace "$namespace" --name "$name" --type "${attribute#*=}"
done
echo "The namespace $namespace is ready."
