import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Fleet, makeFleet } from '../../activities/inference/fleet/index.ts';
import { unrecorded } from '../../activities/lookup/recorded.ts';
import { makeParseFileTool } from '../../activities/tools/parse-file.ts';
import { TryLater } from '../../activities/tools/tool.ts';
import { imageReader } from '../../activities/vision/describe-image.ts';
import { webFiles } from '../../activities/web/web-files.ts';
import { webPages } from '../../activities/web/web-pages.ts';
import { card, makeMedia } from '../support/make-media.ts';
import type { ApiAnswer, ModelApi } from '../support/model-apis/server.ts';
import { scannedPdf } from '../support/scanned-pdf.ts';
import { lastShown, startVisionServer } from '../support/vision-server.ts';
import { httpServer, type LocalServer } from './safe-fetch-network.ts';

let workspace: string;
let server: ModelApi;
let fleet: Fleet;
let site: LocalServer;
let answer: ApiAnswer | undefined;

const inside = (name: string) => join(workspace, name);
const VISION = { name: 'v', model: 'eye', format: 'deep_research', weight: 1, roles: ['vision'] } as const;
const WORDS = { text: 'This page has text of its own, which nobody needs to look at twice.' };

beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'parse-file-seen-'));
  await makeMedia(inside('chart.jpg'), `${card(640, 480)} -frames:v 1`);
  const scan = { jpeg: await readFile(inside('chart.jpg')), width: 640, height: 480 };
  await writeFile(inside('scan.pdf'), scannedPdf(Array.from({ length: 7 }, () => scan)));
  await writeFile(inside('mixed.pdf'), scannedPdf([WORDS, scan, 'blank', WORDS, scan]));
  await writeFile(inside('blank.pdf'), scannedPdf(['blank']));
  await writeFile(inside('words.pdf'), scannedPdf([WORDS]));
  await writeFile(inside('damaged.pdf'), scannedPdf([scan]).subarray(0, 700));
  site = await httpServer(async (request, response) => {
    const file = (request.url ?? '').slice(1);
    const type = file.endsWith('.pdf') ? 'application/pdf' : 'image/jpeg';
    response.writeHead(200, { 'content-type': type }).end(await readFile(inside(file)));
  });
});
beforeEach(async () => {
  answer = undefined;
  server = await startVisionServer(() => answer);
  fleet = makeFleet([{ ...VISION, url: server.url }]);
});
afterEach(async () => {
  await fleet.close();
  await server.close();
});
afterAll(async () => {
  await site.close();
  await rm(workspace, { recursive: true });
});

function parse(file: string, options: { blind?: true } = {}) {
  const web = { allowPrivate: ['localhost'], robots: false };
  const images = imageReader(fleet);
  const tool = makeParseFileTool({
    openPage: webPages(web),
    fetchFile: webFiles(web),
    ...(options.blind || !images ? {} : { images }),
  });
  const context = { callId: 'r1c1', recorded: unrecorded, signal: new AbortController().signal, workspace };
  return tool.run({ files: [file] }, context);
}

test('an image is what a model reads in it', async () => {
  const { text, sources, usage } = await parse('chart.jpg');
  expect(text).toMatch(
    /^Content of chart\.jpg \(image, [\s\S]*640 × 480 pixels\.\n\nI see 1: chart\.jpg: Asked: What does this image/,
  );
  expect(sources).toEqual([{ url: 'chart.jpg' }]);
  expect(usage).toEqual({ prompt: 100, cached: 64, completion: 20 });
  expect(await sharp(lastShown(server)[0]?.bytes).metadata()).toMatchObject({ width: 640, height: 480 });
});

test('a scanned PDF is read page by page, five at a time, and says how to go on', async () => {
  const { text, usage } = await parse('scan.pdf');
  expect(server.requests).toHaveLength(5);
  expect(usage?.completion).toBe(100);
  for (const page of [1, 2, 3, 4, 5]) {
    expect(text).toContain(
      `--- page ${page} ---\n\n[A scanned page, as a vision model reads it:]\n\nI see 1: scan.pdf, page ${page}:`,
    );
  }
  expect(text).toContain('[Not read yet: scan.pdf#page=6]');
  expect(text).toContain('[The next scanned page: scan.pdf#page=6]');
  const rest = await parse('scan.pdf#page=6');
  expect(server.requests).toHaveLength(7);
  expect(rest.text).toContain('I see 1: scan.pdf, page 7:');
  expect(rest.text).not.toContain('The next scanned page');
});

test('of a PDF with text only the scanned pages are looked at', async () => {
  const { text } = await parse('mixed.pdf');
  expect(server.requests).toHaveLength(2);
  expect(text).toContain('I see 1: mixed.pdf, page 2:');
  expect(text).toContain('I see 1: mixed.pdf, page 5:');
  expect(text.match(/text of its own/g)).toHaveLength(2);
  expect(text).toMatch(/--- page 3 ---\n\n\[No text on this page/);
});

test('what has text, or nothing to be seen, costs no question', async () => {
  expect((await parse('words.pdf')).text).toContain('text of its own');
  await expect(parse('blank.pdf')).rejects.toThrow('blank.pdf has no text on its page');
  await expect(parse('damaged.pdf')).rejects.toThrow('damaged.pdf');
  expect(server.requests).toHaveLength(0);
});

test('without a model that sees, an image is its facts and a scan a refusal', async () => {
  expect((await parse('chart.jpg', { blind: true })).text).toContain('640 × 480');
  await expect(parse('scan.pdf', { blind: true })).rejects.toThrow('probably scanned images');
  expect(server.requests).toHaveLength(0);
});

test('images and scans of the web as well', async () => {
  const base = `http://localhost:${site.port}`;
  expect((await parse(`${base}/chart.jpg`)).text).toContain(`I see 1: ${base}/chart.jpg:`);
  expect((await parse(`${base}/mixed.pdf`)).text).toContain('page 5:');
  expect((await parse(`${base}/scan.pdf#page=7`)).text).toContain('page 7:');
});

test('a model server that is away: tried again', async () => {
  answer = { status: 503, body: 'loading' };
  await expect(parse('chart.jpg')).rejects.toBeInstanceOf(TryLater);
});
