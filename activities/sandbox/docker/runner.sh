# Runs one command inside a session's container, and records what became of it: `runner.sh`, started by `docker exec` as
#   bash -c "$(<runner.sh)" sandbox-runner FOLDER TOKEN WALL GRACE FILE_KIB HEAD_BYTES TAIL_BYTES SHOWN_BYTES \
#     DISK_KIB DISK_FILES RESERVE_KIB PROCESSES KEEP_FOLDER PROGRAM ARGUMENT…
#
# It needs nobody: the worker, Docker's daemon and the connection to it may go meanwhile. In FOLDER are
#   claim    made once, by the runner that will run the command, just before it does
#   stop     somebody wants the command stopped
#   cause    why it was stopped
#   stdout, stderr (with .tail and .count)
#   end      made once, last; the line `.` says that it is whole
#
# A full table of processes must not keep it from ending the command: whatever does that uses no process of its own.
shopt -s nullglob
umask 077
folder=$1 token=$2 wall=$3 grace=$4 file_kib=$5 head_bytes=$6 tail_bytes=$7 shown_bytes=$8 disk_kib=$9
shift 9
disk_files=$1 reserve_kib=$2 processes=$3 keep_folder=$4
shift 4

cd "$folder" || exit 1
set -o noclobber
# Of several runners for one call, one makes the file; the others go.
{ echo "$$" >claim; } 2>/dev/null || exit 0
set +o noclobber

# A pipe that never has anything: a sleep that starts no process.
exec {idle}<> <(:)
pause() { read -rt "$1" -u "$idle"; }

# The first child of the container's init process keeps the container up.
read -r main _ </proc/1/task/1/children 2>/dev/null

# ---- Which processes are the command's

declare -A sessions

# Fills `members` with the processes of the call: its sessions and groups, their descendants, what carries its variable,
# and what lost parent and environment, so that nobody else's can be meant.
look() {
  local file text pid parent group session added fields variables
  local -A parents=() groups=() leads=()
  members=()
  for file in /proc/[0-9]*/stat; do
    # The name of a program may hold line ends and brackets.
    text=
    IFS= read -rd '' text 2>/dev/null <"$file"
    [[ $text ]] || continue
    pid=${file#/proc/} pid=${pid%/stat}
    fields=(${text##*) })
    [[ ${fields[0]} == [ZX] ]] && continue
    parents[$pid]=${fields[1]} groups[$pid]=${fields[2]} leads[$pid]=${fields[3]}
  done
  unset "parents[1]" "parents[$$]"
  [[ $main ]] && unset "parents[$main]"
  local -A found=()
  for pid in "${!parents[@]}"; do
    parent=${parents[$pid]} session=${leads[$pid]}
    # Its first process, also before it has a session of its own.
    if [[ $pid == "$leader" ]]; then
      found[$pid]=1
      continue
    fi
    # Runners, and what serves them.
    [[ $parent == 0 || $session == "$$" ]] && continue
    if [[ ${groups[$pid]} == "$leader" || ${sessions[$session]} ]]; then
      found[$pid]=1
      continue
    fi
    variables=()
    mapfile -d '' -t variables 2>/dev/null <"/proc/$pid/environ"
    case " ${variables[*]} " in
      *" SANDBOX_CALL=$token "*) found[$pid]=1 ;;
      *" SANDBOX_CALL="*) ;;
      *) [[ $parent == 1 && $main ]] && found[$pid]=1 ;;
    esac
  done
  added=1
  while ((added)); do
    added=0
    for pid in "${!parents[@]}"; do
      [[ ${found[$pid]} || -z ${found[${parents[$pid]}]} ]] && continue
      found[$pid]=1 added=1
    done
  done
  for pid in "${!found[@]}"; do
    [[ ${leads[$pid]} == "$pid" ]] && sessions[$pid]=1
    members+=("$pid")
  done
}

signal() {
  # A whole group cannot be outrun by what forks; a polite signal must come once.
  [[ $1 == KILL ]] && kill -KILL -- "-$leader" 2>/dev/null
  ((${#members[@]})) && kill "-$1" "${members[@]}" 2>/dev/null
}

# Ends all of the command: polite for so many seconds, then not. Sets `left` to what it could not end.
end_all() {
  local round
  look
  if (($1 > 0)); then
    signal TERM
    for ((round = 0; round < $1 * 20; round++)); do
      pause 0.05
      look
      ((${#members[@]})) || break
    done
  fi
  for ((round = 0; round < 100 && ${#members[@]} > 0; round++)); do
    signal KILL
    pause 0.02
    look
  done
  left=${#members[@]}
}

# ---- What ends it before its time

# Sets `used` (KiB) and `files`. A folder that hides what is in it is opened.
measure() {
  local size sizes
  sizes=$(du -sk /workspace /calls 2>/dev/null) || {
    find /workspace /calls -type d ! -perm -700 -exec chmod u+rwx {} + 2>/dev/null
    sizes=$(du -sk /workspace /calls 2>/dev/null)
  }
  used=0 files=0
  while read -r size _; do ((used += size)); done <<<"$sizes"
  while read -r size _; do ((files += size)); done < <(du -s --inodes /workspace /calls 2>/dev/null)
}

# Sets `free`, in KiB; nothing where the system does not tell.
measure_free() {
  local blocks size
  free=
  read -r blocks size < <(stat -f -c '%a %S' /workspace 2>/dev/null) && free=$((blocks * size / 1024))
}

now() { time_us=${EPOCHREALTIME//[!0-9]/}; }

# Looks at all limits until one is passed, ends the command, and exits with the cause.
STOPPED=11 TIME=12 PROCESSES=13 DISK=14 NO_SPACE=15
watch() {
  local cause= grace_now=0 all next until first_used= first_files first_free slack=16384
  now
  next=$((time_us + 100000)) until=$((time_us + wall * 1000000))
  until [[ $cause ]]; do
    pause 0.1
    now
    all=(/proc/[0-9]*)
    if ((${#all[@]} > processes + 32)); then
      cause=$PROCESSES
    elif [[ -e stop ]]; then
      cause=$STOPPED grace_now=$grace
    elif ((time_us >= until)); then
      cause=$TIME grace_now=$grace
    elif ((time_us >= next)); then
      next=$time_us
      measure
      measure_free
      if [[ -z $first_used ]]; then first_used=$used first_files=$files first_free=$free; fi
      # One that finds the workspace full may clear it.
      ((used > disk_kib && (first_used <= disk_kib || used > first_used + slack))) && cause=$DISK
      ((files > disk_files && (first_files <= disk_files || files > first_files + 1000))) && cause=$DISK
      [[ $free ]] && ((free < reserve_kib && free + slack < first_free)) && cause=$NO_SPACE
      now
      # Measuring takes a tenth of the time at most.
      ((next = time_us + 10 * (time_us - next), next < time_us + 500000)) && next=$((time_us + 500000))
    fi
  done
  trap '' TERM
  end_all "$grace_now"
  exit "$cause"
}

# ---- The command

# Keeps the beginning of a stream in NAME as it comes, its last part in NAME.tail, and how much it was in NAME.count.
capture() {
  {
    (
      ulimit -f $((head_bytes / 1024))
      trap '' XFSZ
      exec tee "$1" /dev/fd/9 2>/dev/null
    ) | wc -c >"$1.count"
  } 9>&1 >/dev/null | tail -c "$tail_bytes" >"$1.tail"
}

# Sets `oom`: how often the system ended a process of the container for want of memory.
count_oom() {
  local file key value
  oom=0
  for file in /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control; do
    [[ -r $file ]] || continue
    while read -r key value; do [[ $key == oom_kill ]] && oom=$value; done <"$file"
  done
}

finish() {
  : >reserve
  set -o noclobber
  printf '%s\n' "$@" . >end
  exit
}

# For the last record, where the command fills the disk.
printf '%16384s' '' >reserve
[[ -e stop ]] && finish 'cause not-started'
count_oom
oom_before=$oom
input=/dev/null
[[ -e stdin ]] && input=$folder/stdin

exec {out}> >(capture stdout)
capture_out=$!
exec {err}> >(exec {out}>&-; capture stderr)
capture_err=$!
(
  # The shell has background commands ignore these.
  trap - INT QUIT
  umask 022
  ulimit -c 0
  ulimit -f "$file_kib"
  echo 900 >/proc/self/oom_score_adj
  export SANDBOX_CALL=$token
  cd /workspace || exit 126
  exec setsid nice -n 5 "$@" <"$input" >&"$out" 2>&"$err" {idle}>&- {out}>&- {err}>&-
) &
leader=$!
exec {out}>&- {err}>&-
watch &
watcher=$!

wait "$leader"
status=$?
kill "$watcher" 2>/dev/null
wait "$watcher"
case $? in
  "$STOPPED") cause=stopped ;;
  "$TIME") cause=time ;;
  "$PROCESSES") cause=processes ;;
  "$DISK") cause=disk ;;
  "$NO_SPACE") cause=no-space ;;
  *) cause=none ;;
esac

# What writes after the command's own end (a `tee`, say) has half a second to finish.
look
for ((round = 0; round < 25 && ${#members[@]} > 0; round++)); do
  pause 0.02
  look
done
background=0
[[ $cause == none ]] && background=${#members[@]}
left=0
((${#members[@]})) && end_all 2
for ((round = 0; round < 200; round++)); do
  kill -0 "$capture_out" 2>/dev/null || kill -0 "$capture_err" 2>/dev/null || break
  pause 0.005
done
count_oom

# ---- The output

# Puts the last part of a long output behind its beginning. Sets `size` and `cut`.
join_tail() {
  local count=0 rest
  { read -r count <"$1.count"; } 2>/dev/null
  [[ $count =~ ^[0-9]+$ ]] || count=0
  size=$2 cut=0
  rest=$((count - size))
  ((rest > 0)) || return
  if ((rest > tail_bytes)); then
    cut=1
    printf '\n[… %d bytes of output were not kept …]\n' $((rest - tail_bytes)) >>"$1"
    rest=$tail_bytes
  fi
  tail -c "$rest" "$1.tail" >>"$1"
  size=$count
}

# Keeps an output in the workspace where it is too long to be shown.
keep() {
  (($2 > $3)) || return
  mkdir -p "$keep_folder" && cp "$1" "$keep_folder/$1.txt" && kept+=" $1"
} 2>/dev/null

{ read -r size_out; read -r size_err; } < <(stat -c %s stdout stderr 2>/dev/null)
join_tail stdout "${size_out:-0}"
size_out=$size cut_out=$cut
join_tail stderr "${size_err:-0}"
size_err=$size cut_err=$cut
kept=
part=$((shown_bytes * 6 / 10))
keep stdout "$size_out" $((part > shown_bytes - size_err ? part : shown_bytes - size_err))
part=$((shown_bytes - part))
keep stderr "$size_err" $((part > shown_bytes - size_out ? part : shown_bytes - size_out))

finish "status $status" "cause $cause" "background $background" "left $left" "oom $((oom - oom_before))" \
  "stdout $size_out $cut_out" "stderr $size_err $cut_err" "kept$kept"
