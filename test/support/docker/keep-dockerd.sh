# The first process of a test's Docker: `keep-dockerd.sh FOLDER FLAG…`. Starts the daemon, and again when it has ended.
# The machine's own containerd, if there is one, stays out of it: it runs in other namespaces.
mkdir -p /run/containerd && mount -t tmpfs tmpfs /run/containerd
for driver in overlay2 vfs; do
  while :; do
    dockerd --iptables=false --ip6tables=false --bridge=none --storage-driver "$driver" --data-root "$1/data" \
      --exec-root "$1/exec" --pidfile "$1/pid" --host "unix://$1/docker.sock" "${@:2}" >>"$1/log" 2>&1
    # Not every file system takes layers one over the other; then there is no folder of images either.
    [[ $driver == overlay2 && ! -d $1/data/image/overlay2 ]] && break
    sleep 0.1
  done
done
