import { z } from 'zod';
import { DEFAULT_DOCKER } from '../../../activities/sandbox/docker/settings.ts';
import { choice, count, quantity, text, textOr } from '../variable.ts';

export const SANDBOX_MODES = ['subprocess', 'docker'] as const;

const MIB = 2 ** 20;

/** Where code and commands run. Beside the mode all of it is of containers; see sandbox.md. */
export const sandbox = {
  SANDBOX_MODE: choice(SANDBOX_MODES, 'subprocess', {
    description:
      'Where code and commands run: in a container for each session ([sandbox.md](sandbox.md)), or, for trying out, as processes of this user, which can read its files and use the network.',
  }),
  DEEP_RESEARCH_SANDBOX_IMAGE: textOr(DEFAULT_DOCKER.image, {
    description: 'Image of the containers; it needs bash and, for Python, `python3`.',
    takes: 'the name of an image that Docker has',
  }),
  DEEP_RESEARCH_SANDBOX_RUNTIME: text({
    description: 'Runtime of the containers, as `runsc` for gVisor.',
    takes: 'a runtime that Docker knows',
    fallback: "Docker's",
  }),
  DEEP_RESEARCH_SANDBOX_NETWORK: textOr(DEFAULT_DOCKER.network, {
    description: 'Network of the containers.',
    takes: 'none, or a network that Docker has',
  }),
  DEEP_RESEARCH_SANDBOX_MEMORY_MB: count(
    { fallback: DEFAULT_DOCKER.memoryBytes / MIB, min: 64, max: 1_048_576 },
    { description: 'Memory of a container; files in its /tmp are in it.', unit: 'MiB' },
  ),
  DEEP_RESEARCH_SANDBOX_CPUS: quantity(z.number().min(0.1).max(1024).default(DEFAULT_DOCKER.cpus), {
    description: 'Processors that a container may use.',
    takes: 'a number from 0.1',
  }),
  DEEP_RESEARCH_SANDBOX_PROCESSES: count(
    { fallback: DEFAULT_DOCKER.processes, min: 16, max: 32_768 },
    { description: 'Processes of a container at one time.' },
  ),
  DEEP_RESEARCH_SANDBOX_DISK_MB: count(
    { fallback: DEFAULT_DOCKER.diskBytes / MIB, min: 16, max: 1_048_576 },
    { description: 'Size of a workspace above which a command that writes is stopped.', unit: 'MiB' },
  ),
  DEEP_RESEARCH_SANDBOX_HOST_STATE_DIR: text({
    description: "The state folder as Docker's machine names it, where the worker itself runs in a container.",
    takes: 'an absolute path',
    fallback: 'the same',
  }),
  DOCKER_HOST: text({
    description: "Address of this machine's Docker.",
    takes: 'unix://… or tcp://…',
    fallback: 'unix:///var/run/docker.sock',
    readElsewhere: true,
  }),
};
