import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { SEARCH_ATTRIBUTE } from '../../protocol/names.ts';
import { BUCKETS } from '../../telemetry/metrics.ts';
import { readVariables } from '../../worker/configuration/sources.ts';
import { variables } from '../../worker/configuration/variables.ts';

/** What can be checked of the compose file without Docker: that everything it names is there. */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

interface Service {
  image?: string;
  build?: string | { context: string; target?: string };
  depends_on?: Record<string, { condition: string }>;
  environment?: Record<string, string>;
  secrets?: string[];
  volumes?: string[];
  healthcheck?: object;
  restart?: string;
  ports?: string[];
}

const compose = parse(read('docker-compose.yml'), { merge: true }) as {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
  secrets: Record<string, { file: string }>;
};
const services = Object.entries(compose.services);
const workers = services.filter(([, { environment }]) => environment?.WORKER_ROLES);

/** As compose puts in values: `${NAME:-default}`. */
const filledIn = (value: string): string => value.replace(/\$\{\w+:?-([^}]*)\}/g, '$1').replaceAll('$$', '$');

describe.each(services)('the service %s', (name, service) => {
  test('depends on services that can meet the condition', () => {
    for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
      const wanted = compose.services[other];
      expect(wanted, other).toBeDefined();
      if (condition === 'service_healthy') expect(wanted?.healthcheck, other).toBeDefined();
      else {
        expect(condition).toBe('service_completed_successfully');
        expect(wanted?.restart, other).toBe('no');
      }
    }
  });

  test('names an image by an exact version, and is looked after', () => {
    expect(service.image).toMatch(/^[\w./-]+:v?\d+\.\d+(\.\d+)*(-[\w.]+)?$/);
    const isBuilt = service.build !== undefined && service.environment?.WORKER_ROLES !== undefined;
    // Workers have theirs in the image.
    expect(service.healthcheck !== undefined || isBuilt || service.restart === 'no', name).toBe(true);
  });

  test('has its secrets, volumes and files, and opens ports to this machine only', () => {
    for (const secret of service.secrets ?? []) expect(compose.secrets, secret).toHaveProperty(secret);
    for (const volume of service.volumes ?? []) {
      const [source = ''] = volume.split(':');
      if (source.startsWith('./')) expect(existsSync(join(ROOT, source)), source).toBe(true);
      else if (!source.startsWith('/')) expect(compose.volumes, source).toHaveProperty(source);
    }
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
    const named = Object.entries(service.environment ?? {}).filter(([variable]) => variable.endsWith('_FILE'));
    for (const [variable, path] of named) {
      const secret = /^\/run\/secrets\/(\w+)$/.exec(path)?.[1] ?? '';
      expect(service.secrets, `${variable} of ${name}`).toContain(secret);
    }
  });
});

test('there is a worker of every role, each with variables that the configuration knows and takes', () => {
  expect(workers.map(([, { environment }]) => environment?.WORKER_ROLES)).toEqual([
    'workflow',
    'inference',
    'tools',
    'sandbox',
  ]);
  for (const [name, { environment = {} }] of workers) {
    const env = Object.fromEntries(Object.entries(environment).map(([key, value]) => [key, filledIn(value)]));
    for (const key of Object.keys(env)) {
      const plain = key in variables.shape ? key : key.replace(/_FILE$/, '');
      expect(variables.shape, `${key} of ${name}`).toHaveProperty(plain);
    }
    // The secrets' files are not here; all else is read as a worker would.
    const without = Object.entries(env).filter(([key]) => key in variables.shape);
    expect(() => readVariables(Object.fromEntries(without))).not.toThrow();
  }
});

test('what the images are built from is there, and the base is as package.json has it', () => {
  const dockerfile = read('Dockerfile');
  const { devDependencies } = JSON.parse(read('package.json'));
  expect(dockerfile).toContain(`ARG BASE=node:${devDependencies.node}-bookworm-slim`);
  const targets = [...dockerfile.matchAll(/ AS (\w+)/g)].map(([, target]) => target);
  for (const [, { build }] of services) {
    if (typeof build === 'string') expect(existsSync(join(ROOT, build, 'Dockerfile'))).toBe(true);
    else if (build) expect(targets).toContain(build.target);
  }
  // All folders that are compiled get into the build.
  const { include } = JSON.parse(read('tsconfig.build.json'));
  const sent = read('.dockerignore').split('\n');
  for (const folder of include) expect(sent).toContain(`!${folder}`);
  // Nobody's root.
  expect(dockerfile.match(/^USER .*/gm)?.at(-1)).toBe('USER research');
});

test('every secret has a maker, and every search attribute is registered', () => {
  const maker = read('deploy/make-secrets.sh');
  for (const [name, { file }] of Object.entries(compose.secrets)) {
    expect(file).toBe(`deploy/secrets/${name}`);
    expect(maker).toContain(name);
  }
  expect(read('.gitignore').split('\n')).toContain('deploy/secrets/');
  for (const name of Object.values(SEARCH_ATTRIBUTE)) expect(read('deploy/temporal/register.sh')).toContain(`${name}=`);
});

test('Prometheus looks at every worker where it serves its metrics', () => {
  const { scrape_configs } = parse(read('deploy/prometheus/prometheus.yml'));
  const targets = scrape_configs.flatMap(({ static_configs }: { static_configs: { targets: string[] }[] }) =>
    static_configs.flatMap((each) => each.targets),
  );
  for (const target of targets) expect(Object.keys(compose.services)).toContain(target.split(':')[0]);
  for (const [name, { environment }] of workers) {
    expect(targets).toContain(`${name}:${environment?.DEEP_RESEARCH_METRICS_ADDRESS?.split(':')[1]}`);
  }
});

test("Grafana's dashboards ask for metrics that there are", () => {
  const made = sourceOf('telemetry') + sourceOf('worker') + sourceOf('workflows');
  for (const file of readdirSync(join(ROOT, 'deploy/grafana/dashboards'))) {
    const text = read(join('deploy/grafana/dashboards', file));
    const { panels } = JSON.parse(text) as { panels: { targets: { expr: string }[] }[] };
    expect(panels.length).toBeGreaterThan(10);
    const names = new Set(text.match(/deep_research_[a-z_]+/g));
    for (const name of names) {
      const histogram = name.replace(/_bucket$/, '');
      if (histogram !== name) expect(BUCKETS, name).toHaveProperty(histogram);
      else expect(made, name).toContain(name.replace(/^deep_research_|_total$/g, ''));
    }
  }
  expect(existsSync(join(ROOT, dirname('deploy/grafana/provisioning/datasources/prometheus.yml')))).toBe(true);
});

function sourceOf(folder: string): string {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => read(join(folder, path)))
    .join('\n');
}
