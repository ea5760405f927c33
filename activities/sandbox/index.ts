import { dockerSandbox } from './docker/docker-sandbox.ts';
import type { DockerSettings } from './docker/settings.ts';
import type { Sandbox } from './sandbox.ts';
import { subprocessSandbox } from './subprocess-sandbox.ts';

export interface SandboxOptions {
  stateDir: string;
  /** How containers are made. Default: none, commands are processes of this machine. */
  docker?: DockerSettings;
  /** What the worker serves. Default: everything. */
  roles?: readonly string[];
}

/** Where code and commands run. */
export function openSandbox({ stateDir, docker, roles }: SandboxOptions): Sandbox {
  if (!docker) return subprocessSandbox({ stateDir });
  const sandbox = dockerSandbox({ stateDir, settings: docker });
  // Another worker has the containers; this one offers their tools to sessions.
  return roles && !roles.includes('sandbox') ? { ...sandbox, supports: async () => true } : sandbox;
}
