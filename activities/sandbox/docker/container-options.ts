import { createHash } from 'node:crypto';
import type { ContainerCreateOptions } from 'dockerode';
import { type DockerSettings, INSIDE, SPARE_TASKS } from './settings.ts';

export interface ContainerPlan {
  settings: DockerSettings;
  user: { uid: number; gid: number };
  /** Folders as Docker's machine names them. */
  workspace: string;
  calls: string;
}

/** Of memory, for /tmp and for what processes share. */
const TEMPORARY_SHARE = 1 / 4;
const SHARED_BYTES = 64 * 2 ** 20;

/**
 * A container that does nothing by itself; commands are started in it. It may use what is written here and nothing else
 * of its machine.
 */
export function containerOptions({ settings, user, workspace, calls }: ContainerPlan): ContainerCreateOptions {
  const owner = `${user.uid}:${user.gid}`;
  const bind = (Source: string, Target: string) => ({ Type: 'bind' as const, Source, Target });
  return {
    Image: settings.image,
    User: owner,
    Hostname: 'sandbox',
    WorkingDir: INSIDE.workspace,
    // Every image has it, and it needs no processor.
    Entrypoint: ['tail', '-f', '/dev/null'],
    Cmd: [],
    Env: [`HOME=${INSIDE.workspace}`],
    StopTimeout: 1,
    HostConfig: {
      NetworkMode: settings.network,
      ...(settings.runtime ? { Runtime: settings.runtime } : {}),
      // Ends what lost its parent; without it such processes stay as entries in the table.
      Init: true,
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      Privileged: false,
      IpcMode: 'private',
      PidsLimit: settings.processes + SPARE_TASKS,
      Memory: settings.memoryBytes,
      // The same as memory: no swap beside it.
      MemorySwap: settings.memoryBytes,
      NanoCpus: Math.round(settings.cpus * 1e9),
      // The worker and its heartbeats come first.
      CpuShares: 512,
      OomScoreAdj: 300,
      ShmSize: Math.min(SHARED_BYTES, settings.memoryBytes * TEMPORARY_SHARE),
      Tmpfs: { '/tmp': `rw,exec,nosuid,nodev,mode=1777,size=${Math.floor(settings.memoryBytes * TEMPORARY_SHARE)}` },
      Ulimits: [
        { Name: 'core', Soft: 0, Hard: 0 },
        { Name: 'nofile', Soft: 4096, Hard: 4096 },
      ],
      Mounts: [bind(workspace, INSIDE.workspace), bind(calls, INSIDE.calls)],
      // A command could write to it, without a bound.
      LogConfig: { Type: 'none', Config: {} },
      RestartPolicy: { Name: 'no' },
    },
  };
}

/** Changes when a container that exists is not as these options would make it. */
export const madeAs = (options: ContainerCreateOptions): string =>
  createHash('sha256').update(JSON.stringify(options)).digest('hex').slice(0, 16);
