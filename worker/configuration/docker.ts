import { isAbsolute } from 'node:path';
import type { DockerSettings } from '../../activities/sandbox/docker/settings.ts';
import type { Variables } from './variables.ts';

const MIB = 2 ** 20;

/** Undefined where commands run as processes. @throws Error that names the variable */
export function dockerSettings(values: Variables): DockerSettings | undefined {
  if (values.SANDBOX_MODE !== 'docker') return undefined;
  const network = values.DEEP_RESEARCH_SANDBOX_NETWORK;
  if (network === 'host' || network.startsWith('container:')) {
    throw new Error(
      `DEEP_RESEARCH_SANDBOX_NETWORK: "${network}" would give commands the network of ${network === 'host' ? 'this machine' : 'another container'}; expected none, or a network of its own.`,
    );
  }
  const hostStateDir = values.DEEP_RESEARCH_SANDBOX_HOST_STATE_DIR;
  if (hostStateDir !== undefined && !isAbsolute(hostStateDir)) {
    throw new Error(`DEEP_RESEARCH_SANDBOX_HOST_STATE_DIR: expected an absolute path, got "${hostStateDir}".`);
  }
  const runtime = values.DEEP_RESEARCH_SANDBOX_RUNTIME;
  return {
    image: values.DEEP_RESEARCH_SANDBOX_IMAGE,
    ...(runtime ? { runtime } : {}),
    network,
    memoryBytes: values.DEEP_RESEARCH_SANDBOX_MEMORY_MB * MIB,
    cpus: values.DEEP_RESEARCH_SANDBOX_CPUS,
    processes: values.DEEP_RESEARCH_SANDBOX_PROCESSES,
    diskBytes: values.DEEP_RESEARCH_SANDBOX_DISK_MB * MIB,
    ...(hostStateDir ? { hostStateDir } : {}),
  };
}
