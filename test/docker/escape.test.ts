import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDocker, type TestDocker } from '../support/docker/daemon.ts';
import { type Place, setUp } from './place.ts';

const SECRET = 'planted-secret-7392';

let docker: TestDocker;
let place: Place;

beforeAll(async () => {
  docker = await startDocker();
  place = await setUp({ processes: 64, memoryBytes: 256 * 2 ** 20, diskBytes: 64 * 2 ** 20 });
  writeFileSync(join(place.stateDir, 'secret.txt'), SECRET, { mode: 0o644 });
});
afterAll(async () => {
  await place?.tearDown();
  await docker?.close();
});

const stillWorks = async () => expect(await place.bash('echo still here')).toEqual({ text: 'still here' });

describe('network', () => {
  let server: Server;
  let port: number;
  beforeAll(async () => {
    server = createServer((socket) => socket.end(SECRET)).listen(0, '0.0.0.0');
    await once(server, 'listening');
    port = (server.address() as { port: number }).port;
  });
  afterAll(() => server.close());

  it('is not there: neither the machine, nor the world, nor names', async () => {
    const addresses = execFileSync('hostname', ['-I'], { encoding: 'utf8' }).trim().split(/\s+/).filter(Boolean);
    for (const address of ['127.0.0.1', '169.254.169.254', '1.1.1.1', ...addresses]) {
      const { text } = await place.bash(`timeout 5 bash -c 'cat </dev/tcp/${address}/${port}'`);
      expect(text).toMatch(/Connection refused|Network is unreachable|Cannot assign requested address/);
      expect(text).not.toContain(SECRET);
    }
    const { text } = await place.python(
      'import urllib.request\nurllib.request.urlopen("http://example.com", timeout=5)',
    );
    expect(text).toMatch(/URLError: .*(name resolution|Name or service not known)/);
    expect((await place.bash('ls /sys/class/net')).text).toBe('lo');
  });
});

describe('files of the machine', () => {
  it('are not there, by any way to them', async () => {
    const secret = join(place.stateDir, 'secret.txt');
    const ways = [
      `cat ${secret}`,
      `cat ../secret.txt ../../secret.txt ../../../secret.txt`,
      `cat /proc/1/root${secret} /proc/self/root${secret}`,
      `ln -s ${secret} link; cat link; rm link`,
      `ln ${secret} hard`,
      `grep -rl ${SECRET.slice(0, 8)} / --include=secret.txt`,
    ];
    for (const way of ways) {
      const { text } = await place.bash(way);
      expect(text).toMatch(/No such file or directory|Exit code: [12]/);
      expect(text).not.toContain(SECRET);
    }
  });

  it('cannot be reached by what a command leaves where its worker reads', async () => {
    const secret = join(place.stateDir, 'secret.txt');
    const tricks = [
      `for box in /calls/*/; do ln -sf ${secret} "$box/stdout"; done`,
      `for box in /calls/*/; do rm -f "$box/stdout" "$box/stderr"; mkfifo "$box/stdout" "$box/stderr"; done`,
      `for box in /calls/*/; do mv "$box" "$box.away" && ln -s /etc "$box"; done; true`,
      `for box in /calls/*/; do rm -f "$box/end"; ln -s ${secret} "$box/end"; done`,
      `ln -s /etc .calls; seq 1 20000`,
    ];
    for (const trick of tricks) expect((await place.bash(trick)).text).not.toMatch(new RegExp(`${SECRET}|root:`));
  });

  it('are not named by mounts, environment or processes', async () => {
    const { text } = await place.bash('env; cat /proc/*/cmdline /proc/*/environ | tr "\\0" "\\n"; ls -a /');
    expect(text).not.toMatch(/docker\.sock|LLM_SERVER|TEMPORAL_/);
    expect(text).not.toContain(place.stateDir);
  });
});

describe('rights', () => {
  const REFUSED: [what: string, command: string, says: RegExp][] = [
    ['mounting', 'mount -t tmpfs none /mnt', /must be superuser|permission denied|not permitted/i],
    ['mounting over', 'mount --bind /workspace /etc', /must be superuser|permission denied|not permitted/i],
    ['a namespace of its own', 'unshare -Urm true', /not permitted|No space left/],
    ['a device', 'mknod disk b 254 0', /not permitted/],
    ['another root', 'chroot /workspace /bin/true', /not permitted/],
    ['the root file system', 'touch /usr/bin/new /etc/new', /Read-only file system/],
    ['su', 'echo | su -c id', /Authentication (failure|token)|must be suid|not permitted|user root does not exist/i],
    [
      'a setuid program',
      'cp /bin/bash own; chmod u+s own; ./own -p -c id; touch /usr/x; rm own',
      /uid=10001.*\n(.*\n)*.*(denied|Read-only)/,
    ],
    ["the kernel's settings", 'echo 1 >/proc/sys/kernel/panic', /Read-only file system|Permission denied/],
    ['sysrq', 'echo b >/proc/sysrq-trigger', /Read-only file system|Permission denied|No such file/],
    [
      'the memory of the machine',
      'head -c 16 /proc/kcore | wc -c; head -c 16 /dev/mem',
      /^0\n(.*\n)*.*No such file|Permission denied/,
    ],
    ["the kernel's log", 'dmesg', /not permitted/],
    [
      'sysfs',
      'echo 0 >/sys/kernel/mm/transparent_hugepage/enabled',
      /Read-only file system|Permission denied|No such file/,
    ],
    [
      'its own limits',
      'echo max >/sys/fs/cgroup/pids.max; echo 9999 >/sys/fs/cgroup/pids/pids.max',
      /Read-only file system|Permission denied/,
    ],
    [
      'keys of the kernel',
      `python3 -c 'import ctypes, os; c = ctypes.CDLL(None, use_errno=True); c.syscall(250, 0, 0); print(os.strerror(ctypes.get_errno()))'`,
      /Operation not permitted/,
    ],
    [
      'Docker',
      'ls -la /var/run/docker.sock /run/docker.sock; find / -xdev -type s',
      /cannot access(.*\n)*.*cannot access/,
    ],
  ];
  it.each(REFUSED)('to %s are refused', async (_, command, says) => {
    const { text } = await place.bash(command);
    expect(text).toMatch(says);
    expect(text).not.toContain('uid=0');
  });

  it('are none', async () => {
    const { text } = await place.bash('grep -E "^(Cap|NoNewPrivs|Seccomp:)" /proc/self/status; id -u');
    expect(text.replaceAll('\t', ' ')).toBe(
      `${['Inh', 'Prm', 'Eff', 'Bnd', 'Amb'].map((set) => `Cap${set}: 0000000000000000`).join('\n')}\nNoNewPrivs: 1\nSeccomp: 2\n10001`,
    );
    const { text: user } = await place.python('import os\nos.setuid(0)');
    expect(user).toContain('PermissionError: [Errno 1] Operation not permitted');
  });
});

describe('what a machine has only so much of', () => {
  it('processes: a fork bomb is stopped', async () => {
    const { text, failed } = await place.bash('bomb() { bomb | bomb & }; bomb; sleep 300');
    expect(failed).toBe(true);
    expect(text).toMatch(/\[The command was stopped: it had more than 64 processes at one time\.\]$/);
    await stillWorks();
  });

  it('threads: no more can be started', async () => {
    const code =
      'import threading, time\nfor _ in range(500): threading.Thread(target=time.sleep, args=(9,), daemon=True).start()';
    expect((await place.python(code)).text).toContain("RuntimeError: can't start new thread");
  });

  it('memory: a command that takes too much is ended', async () => {
    const { text } = await place.python('x = bytearray(600 * 2**20)');
    expect(text).toMatch(
      /\[Ended by signal SIGKILL\]\n\[The memory limit of 256 MiB was reached, and the system ended a process\./,
    );
    await stillWorks();
  });

  it('memory in files: /tmp and /dev/shm have a bound', async () => {
    const { text } = await place.bash(
      'for place in /tmp /dev/shm; do for i in 1 2 3 4 5; do head -c 30M /dev/zero >$place/$i; done; rm $place/?; done',
    );
    expect(text.match(/No space left on device/g)?.length).toBeGreaterThanOrEqual(4);
  });

  const FILLS: [how: string, command: string][] = [
    ['in many files', 'for i in $(seq 1000); do head -c 1M /dev/zero >fill$i; sleep 0.01; done'],
    [
      'in a folder that it closes',
      'mkdir -p fill; for i in $(seq 1000); do head -c 1M /dev/zero >fill/$i; chmod 000 fill; sleep 0.01; chmod 700 fill; done',
    ],
    [
      'in the folder of outputs',
      'cd /calls/*/; for i in $(seq 1000); do head -c 1M /dev/zero >fill$i; sleep 0.01; done',
    ],
  ];
  it.each(FILLS)('disk: filling it %s is stopped, and room can be made', async (_, command) => {
    const { text, failed } = await place.bash(command);
    expect(failed).toBe(true);
    expect(text).toMatch(
      /\[The command was stopped: the workspace had more than 64 MiB or 500,000 files\. Delete what is not needed\.\]$/,
    );
    // Two seconds of writing on a machine that is busy.
    expect(
      (
        await place.bash(
          "du -sm /workspace /calls | awk '{ sum += $1 } END { exit sum > 800 }' && chmod -R u+rwx . && rm -rf fill* /calls/*/fill*",
        )
      ).failed,
    ).toBeUndefined();
    expect((await place.bash('head -c 1M /dev/zero >small; sleep 1; echo enough')).text).toBe('enough');
  });

  it('disk: one file has a bound of the kernel', async () => {
    const { text } = await place.bash('head -c 100M /dev/zero >big; ls -s --block-size=1M big; rm big');
    expect(text).toMatch(/File size limit exceeded|64 big/);
  });

  it('its own runner: a command that kills everything is told to be unknown, and not repeated', async () => {
    const { text, failed } = await place.bash('echo once >>kills; kill -9 -1');
    expect(failed).toBe(true);
    expect(text).toMatch(/\[The command was interrupted and its outcome is unknown: .* was not repeated\./);
    expect(place.lines('kills')).toEqual(['once']);
    await stillWorks();
  });
});
