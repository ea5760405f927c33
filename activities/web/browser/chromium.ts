import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { familyMemory, type ProcessMemory } from './process-memory.ts';
import { profileFolder } from './profile-folder.ts';
import { NO_PROXY, NOT_WANTED, SWITCHES } from './switches.ts';

/** A running Chromium. */
export interface Chromium {
  browser: Browser;
  /** What it calls itself. */
  userAgent: string;
  /** Aborts when it has ended, however that came. */
  gone: AbortSignal;
  /** Its processes, itself first. */
  memory(): ProcessMemory[];
  kill(): void;
  close(): Promise<void>;
}

export interface ChromiumOptions {
  /** Its program. */
  path: string;
  /** Whether it shuts its pages off from the machine. Root cannot have that. */
  sandbox: boolean;
  switches?: readonly string[];
}

const START_LIMIT_MS = 60_000;

/** How long it may take to close in peace. */
const CLOSE_LIMIT_MS = 5000;

/**
 * Starts a Chromium that is driven through a pipe: it ends when the pipe closes, so it does not outlive this process.
 * Its environment has none of ours, which holds keys.
 */
export async function startChromium({ path, sandbox, switches = [] }: ChromiumOptions): Promise<Chromium> {
  // Most workers have no use for it.
  const { chromium } = await import('playwright-core');
  const folder = profileFolder();
  const within = (name: string) => {
    mkdirSync(join(folder.path, name));
    return join(folder.path, name);
  };
  try {
    const own = await chromium.launchPersistentContext(within('profile'), {
      executablePath: path,
      args: [...SWITCHES, ...switches],
      ignoreDefaultArgs: NOT_WANTED,
      chromiumSandbox: sandbox,
      artifactsDir: within('artifacts'),
      proxy: { server: NO_PROXY },
      env: { PATH: process.env.PATH, HOME: within('home'), TMPDIR: folder.path, LANG: 'C.UTF-8' },
      // The worker decides itself how it ends.
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
      timeout: START_LIMIT_MS,
    });
    const browser = own.browser()!;
    const session = await browser.newBrowserCDPSession();
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    const { userAgent } = await session.send('Browser.getVersion');
    await session.detach();
    const pid = processInfo.find(({ type }) => type === 'browser')!.id;

    const gone = new AbortController();
    const memory = () => (gone.signal.aborted ? [] : familyMemory(pid));
    const kill = () => {
      for (const { pid } of memory()) killed(pid);
    };
    browser.once('disconnected', () => {
      gone.abort();
      folder.remove();
    });
    return {
      browser,
      userAgent,
      gone: gone.signal,
      memory,
      kill,
      async close() {
        const late = setTimeout(kill, CLOSE_LIMIT_MS);
        await own.close().catch(() => {});
        clearTimeout(late);
        folder.remove();
      },
    };
  } catch (error) {
    folder.remove();
    throw error;
  }
}

export function killed(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}
