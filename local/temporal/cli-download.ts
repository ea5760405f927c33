import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { chmod } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { EnvHttpProxyAgent, fetch } from 'undici';
import { z } from 'zod';

/**
 * The service from which the SDK's native core downloads the CLI (its `cached-download`), asked in the same way. Asked
 * here because the core's download cannot be had without starting a server, shows no progress and cannot be stopped.
 */
export const DOWNLOAD_SERVICE = 'https://temporal.download';

export interface DownloadOptions {
  /** Release without `v`, such as `1.5.1`. */
  version: string;
  /** Existing folder to work in; the caller removes it. */
  folder: string;
  service?: string;
  /** Milliseconds for a connection and for an answer's headers. */
  answerLimitMs?: number;
  onProgress?: (line: string) => void;
  signal?: AbortSignal;
}

const Release = z.object({ archiveUrl: z.url(), fileToExtract: z.string().regex(/^(?!-)(?!.*\.\.)[\w./-]+$/) });

/** Without internet this must fail fast, for building the CLI is next in line. */
const ANSWER_LIMIT_MS = 10_000;
const STALL_LIMIT_MS = 30_000;

/** Downloads the CLI and unpacks it with `tar`. @returns path of the executable inside `folder` */
export async function downloadCli(options: DownloadOptions): Promise<string> {
  const { version, folder, service = DOWNLOAD_SERVICE, answerLimitMs = ANSWER_LIMIT_MS, signal } = options;
  const dispatcher = new EnvHttpProxyAgent({
    connect: { timeout: answerLimitMs },
    headersTimeout: answerLimitMs,
    bodyTimeout: STALL_LIMIT_MS,
  });
  try {
    const query = new URLSearchParams({ ...platform(), format: 'tar.gz' });
    const described = await get(`${service}/cli/v${version}?${query}`);
    const release = Release.parse(await described.json());
    const protocol = new URL(service).protocol;
    if (new URL(release.archiveUrl).protocol !== protocol) throw new Error(`the archive's URL is not ${protocol}`);

    const archive = path.join(folder, 'archive.tar.gz');
    options.onProgress?.(`Downloading the Temporal CLI ${version} …`);
    const response = await get(release.archiveUrl);
    if (!response.body) throw new Error('the archive is empty');
    await pipeline(Readable.fromWeb(response.body), createWriteStream(archive), { signal });
    await promisify(execFile)('tar', ['-xf', archive, '-C', folder, release.fileToExtract], { signal });
    const file = path.join(folder, release.fileToExtract);
    await chmod(file, 0o755);
    return file;
  } finally {
    await dispatcher.destroy();
  }

  async function get(url: string) {
    const response = await fetch(url, { dispatcher, signal }).catch((error: Error & { cause?: Error }) => {
      throw new Error(error.cause?.message || error.message, { cause: error });
    });
    if (!response.ok) throw new Error(`${new URL(url).host} answers with status ${response.status}`);
    return response;
  }
}

function platform(): { platform: string; arch: string } {
  const platforms: Record<string, string> = { linux: 'linux', darwin: 'darwin' };
  const archs: Record<string, string> = { x64: 'amd64', arm64: 'arm64' };
  const found = { platform: platforms[process.platform], arch: archs[process.arch] };
  if (!found.platform || !found.arch) throw new Error(`there is no download for ${process.platform} ${process.arch}`);
  return { platform: found.platform, arch: found.arch };
}
