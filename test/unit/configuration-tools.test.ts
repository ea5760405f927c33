import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findChromium } from '../../activities/web/browser/find-chromium.ts';
import { TOOL_NAMES } from '../../protocol/tool-call.ts';
import { describe as describeConfiguration } from '../../worker/configuration/describe.ts';
import { readConfiguration } from '../../worker/configuration/index.ts';

const MODEL = { LLM_SERVER_BASE_ENDPOINT_URL: 'http://gpu:8000', LLM_SERVER_MODEL_NAME: 'm' };
const read = (env: NodeJS.ProcessEnv) => readConfiguration({ ...MODEL, ...env });

describe('a tool service', () => {
  test('stands in for all nine, as the original has it', () => {
    expect(read({}).toolService).toBeUndefined();
    expect(read({ TOOLS_SERVER_BASE_ENDPOINT_URL: 'http://tools:1, http://tools:2' }).toolService).toEqual({
      bases: ['http://tools:1', 'http://tools:2'],
      tools: [...TOOL_NAMES],
      useCache: true,
      plainText: true,
      filesDir: '/app/logs',
    });
  });

  test("the original's keys beside it", () => {
    const { toolService } = read({
      S1_DR_TOOLS_SERVER_BASE_ENDPOINT_URL: '["http://tools:1"]',
      TOOLS_SERVER_TOOLS: 'search,visit',
      LITERATURE_SEED_DATA_DIR: '/data/',
      WEB_BASED_TOOLS_USE_CACHE: 'false',
      USE_NLP_FORMAT_RETURN: '0',
    });
    expect(toolService).toEqual({
      bases: ['http://tools:1'],
      tools: ['search', 'visit'],
      useCache: false,
      plainText: false,
      filesDir: '/data',
    });
  });

  test.each([
    [{ TOOLS_SERVER_TOOLS: 'search,vist' }, 'TOOLS_SERVER_TOOLS: there is no tool "vist"; did you mean visit?'],
    [{ LITERATURE_SEED_DATA_DIR: 'data' }, 'LITERATURE_SEED_DATA_DIR: expected an absolute path, got "data".'],
    [
      { TOOLS_SERVER_BASE_ENDPOINT_URL: 'tools:1' },
      'TOOLS_SERVER_BASE_ENDPOINT_URL: expected http or https URLs, got "tools:1".',
    ],
  ])('%j is refused', (env, sentence) => {
    expect(() => read(env)).toThrow(sentence);
  });

  test('is told at the start without its password', () => {
    const lines = describeConfiguration(read({ TOOLS_SERVER_BASE_ENDPOINT_URL: 'http://me:secret@tools:1' })).join(
      '\n',
    );
    expect(lines).toContain('tool services http://tools:1');
    expect(lines).not.toContain('secret');
  });
});

describe('the browser', () => {
  const isRoot = process.getuid?.() === 0;
  const unsafe = { DEEP_RESEARCH_BROWSER_SANDBOX: 'false' };

  test('is there where it is named', () => {
    expect(read({}).web?.browser).toBeUndefined();
    expect(read({ ...unsafe, DEEP_RESEARCH_BROWSER: '/bin/sh' }).web?.browser).toEqual({
      path: '/bin/sh',
      sandbox: false,
      memoryMb: 1536,
      pages: 'scripted',
    });
  });

  test('is not looked for by workers that open no pages', () => {
    expect(read({ WORKER_ROLES: 'inference', DEEP_RESEARCH_BROWSER: '/none' }).web?.browser).toBeUndefined();
  });

  test.each([
    [{ ...unsafe, DEEP_RESEARCH_BROWSER: '/none' }, 'DEEP_RESEARCH_BROWSER: "/none" is not a program; expected'],
    [{ ...unsafe, DEEP_RESEARCH_BROWSER: '/etc' }, 'DEEP_RESEARCH_BROWSER: "/etc" is not a program; expected'],
    [{ DEEP_RESEARCH_BROWSER_PAGES: 'some' }, 'DEEP_RESEARCH_BROWSER_PAGES: expected one of scripted, all'],
  ])('%j is told', (env, sentence) => {
    expect(() => read(env)).toThrow(sentence);
  });

  test('root has to say that there is no sandbox', () => {
    const start = () => read({ DEEP_RESEARCH_BROWSER: '/bin/sh' });
    if (isRoot) expect(start).toThrow('DEEP_RESEARCH_BROWSER_SANDBOX: Chromium has no sandbox as root; run');
    else expect(start().web?.browser?.sandbox).toBe(true);
  });
});

test('a browser on the search path is found', () => {
  expect(() => findChromium('auto', '/none')).toThrow('none of chromium, chromium-browser');
  const folder = mkdtempSync(join(tmpdir(), 'path-'));
  writeFileSync(join(folder, 'google-chrome'), '', { mode: 0o755 });
  writeFileSync(join(folder, 'chromium'), '', { mode: 0o644 });
  expect(findChromium('auto', `/none:${folder}`)).toBe(join(folder, 'google-chrome'));
  rmSync(folder, { recursive: true });
});
