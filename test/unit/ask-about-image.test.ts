import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Endpoint } from '../../activities/inference/endpoint.ts';
import { type Fleet, makeFleet } from '../../activities/inference/fleet/index.ts';
import { callRecords, type Recorded, unrecorded } from '../../activities/lookup/recorded.ts';
import { Secret } from '../../activities/secret.ts';
import { makeAskImageTool } from '../../activities/tools/ask-about-image.ts';
import { ToolError, TryLater } from '../../activities/tools/tool.ts';
import { DEFAULT_VISION } from '../../activities/vision/settings.ts';
import { webFiles } from '../../activities/web/web-files.ts';
import { card, makeMedia } from '../support/make-media.ts';
import type { ApiAnswer, ApiRequest, ModelApi } from '../support/model-apis/server.ts';
import { lastShown, questionIn, startVisionServer } from '../support/vision-server.ts';
import { httpServer, type LocalServer } from './safe-fetch-network.ts';

let workspace: string;
let server: ModelApi;
let fleet: Fleet;
let site: LocalServer;
let answer: (request: ApiRequest, index: number) => ApiAnswer | undefined = () => undefined;

const inside = (name: string) => join(workspace, name);
const served = new Map<string, { type: string; body: Buffer }>();

beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'ask-image-'));
  await mkdir(inside('charts'));
  await Promise.all([
    makeMedia(inside('card.png'), `${card(640, 480)} -frames:v 1`),
    makeMedia(inside('charts/wide.png'), `${card(5000, 1000)} -frames:v 1`),
    makeMedia(inside('photo.jpg'), `${card(640, 480)} -frames:v 1`),
    makeMedia(inside('moving.gif'), card(320, 240, 2)),
    makeMedia(inside('moving.webp'), card(160, 120, 2)),
    makeMedia(inside('old.bmp'), `${card(320, 240)} -frames:v 1`),
    makeMedia(inside('scan.tiff'), `${card(320, 240)} -frames:v 1`),
    makeMedia(inside('wave.jp2'), `${card(320, 240)} -frames:v 1`),
    makeMedia(inside('film.mp4'), card(320, 240)),
  ]);
  const noise = await sharp({
    create: {
      width: 900,
      height: 900,
      channels: 3,
      background: '#888',
      noise: { type: 'gaussian', mean: 128, sigma: 60 },
    },
  });
  await noise.clone().png().toFile(inside('noise.png'));
  await noise.clone().resize(64, 48).avif().toFile(inside('new.avif'));
  await sharp(inside('photo.jpg')).withMetadata({ orientation: 6 }).toFile(inside('turned.jpg'));
  await writeFile(inside('drawing.svg'), SVG);
  site = await httpServer((request, response) => {
    const found = served.get(request.url ?? '');
    if (!found) response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': found.type }).end(found.body);
  });
});
beforeEach(async () => {
  answer = () => undefined;
  server = await startVisionServer((request, index) => answer(request, index));
  fleet = makeFleet([endpointAt(server.url)]);
});
afterEach(async () => {
  await fleet.close();
  await server.close();
});
afterAll(async () => {
  await site.close();
  await rm(workspace, { recursive: true });
});

const KEY = 'vision-key-4711';
const endpointAt = (url: string): Endpoint => ({
  name: 'vision',
  url,
  model: 'eye',
  format: 'deep_research',
  weight: 1,
  roles: ['vision'],
  apiKey: new Secret(KEY),
});

const SVG = `<?xml version="1.0"?>
<!-- Made by hand. -->
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><rect width="24" height="24" fill="#00f"/></svg>`;

interface Asked {
  settings?: Partial<typeof DEFAULT_VISION>;
  recorded?: Recorded;
  signal?: AbortSignal;
}

function ask(paths: string[], question = 'What is this?', { settings, ...context }: Asked = {}) {
  const tool = makeAskImageTool({
    fleet,
    settings: { ...DEFAULT_VISION, ...settings },
    fetchFile: webFiles({ allowPrivate: ['localhost'], robots: false }),
  });
  return tool.run(
    { image_path: paths, question },
    { callId: 'r1c1', recorded: unrecorded, signal: new AbortController().signal, workspace, ...context },
  );
}

const sizes = async () =>
  Promise.all(
    lastShown(server).map(async ({ bytes }) => {
      const { width, height, format } = await sharp(bytes).metadata();
      return `${format} ${width}x${height}`;
    }),
  );

describe('what the model server gets', () => {
  test('the image, the question, the key and the model', async () => {
    const output = await ask(['card.png'], 'What colours?');
    expect(output.text).toBe('I see 1: card.png: Asked: What colours?');
    expect(output.sources).toEqual([{ url: 'card.png' }]);
    expect(output.usage).toEqual({ prompt: 100, cached: 64, completion: 20 });
    const [request] = server.requests;
    expect(request?.headers.authorization).toBe(`Bearer ${KEY}`);
    expect(request?.body).toMatchObject({ model: 'eye', stream: true });
    expect(questionIn(request!)).toBe('What colours?');
    expect(await sizes()).toEqual(['png 640x480']);
  });

  test('several at once, each with its name before it', async () => {
    await ask(['card.png', 'photo.jpg']);
    expect(lastShown(server).map(({ label, type }) => `${label} ${type}`)).toEqual([
      'card.png: image/png',
      'photo.jpg: image/jpeg',
    ]);
  });

  test('a large image smaller, and the answer says so', async () => {
    const { text } = await ask(['charts/wide.png']);
    expect(await sizes()).toEqual(['png 2048x410']);
    expect(text).toContain('[charts/wide.png has 5000 × 1000 pixels and was shown with 2048 × 410.]');
  });

  test('no more bytes than configured, at the cost of quality and then of size', async () => {
    await ask(['noise.png'], 'q', { settings: { maxBytes: 200 * 1024 } });
    const [shown] = lastShown(server);
    expect(shown?.type).toBe('image/jpeg');
    expect(shown?.bytes.length).toBeLessThanOrEqual(200 * 1024);
  });

  test('turned as the camera says, without what else it says', async () => {
    await ask(['turned.jpg']);
    expect(await sizes()).toEqual(['jpeg 480x640']);
    expect((await sharp(lastShown(server)[0]?.bytes).metadata()).exif).toBeUndefined();
  });

  test.each([
    ['new.avif', ['jpeg 64x48']],
    ['old.bmp', ['png 320x240']],
    ['scan.tiff', ['png 320x240']],
    ['wave.jp2', ['png 320x240']],
    ['drawing.svg', ['png 800x800']],
    ['moving.gif', ['png 320x240', 'png 320x240', 'png 320x240', 'png 320x240']],
    ['moving.webp', ['png 160x120', 'png 160x120', 'png 160x120', 'png 160x120']],
  ])('%s', async (file, expected) => {
    await ask([file]);
    expect(await sizes()).toEqual(expected);
  });

  test('pictures of an animation are spread over it', async () => {
    await ask(['moving.gif']);
    expect(lastShown(server).map(({ label }) => label)).toEqual(
      [1, 6, 11, 16].map((frame) => `moving.gif, picture ${frame} of 20 of the animation:`),
    );
  });

  test('an image of the web, whatever its server calls it', async () => {
    served.set('/a.png', { type: 'image/png', body: await readFile(inside('card.png')) });
    served.set('/b', { type: 'application/octet-stream', body: await readFile(inside('photo.jpg')) });
    served.set('/c.svg', { type: 'image/svg+xml', body: Buffer.from(SVG) });
    const base = `http://localhost:${site.port}`;
    const output = await ask([`${base}/a.png`, `${base}/b`, `${base}/c.svg`]);
    expect(await sizes()).toEqual(['png 640x480', 'jpeg 640x480', 'png 800x800']);
    expect(output.sources).toHaveLength(3);
  });

  test('what can be shown is shown, what cannot is named', async () => {
    const { text, failed } = await ask(['card.png', 'gone.png']);
    expect(text).toMatch(/^I see 1: card\.png:/);
    expect(text).toContain('[There is no file "gone.png" in the working directory.');
    expect(failed).toBeUndefined();
  });
});

/** A PNG of any claimed size whose rows are all the same byte: a few kilobytes that unpack to gigabytes. */
function bombPng(width: number, height: number): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const edges = Buffer.alloc(8);
    edges.writeUInt32BE(data.length, 0);
    edges.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([edges.subarray(0, 4), body, edges.subarray(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([1, 0, 0, 0, 0], 8);
  const rows = Buffer.alloc((Math.ceil(Math.min(width, 100_000) / 8) + 1) * Math.min(height, 2000));
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function crc32(bytes: Buffer): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

const gifBomb = () =>
  Buffer.concat([
    Buffer.from('GIF89a', 'latin1'),
    Buffer.from([0xff, 0xff, 0xff, 0xff, 0x80, 0, 0, 0, 0, 0, 255, 255, 255]),
    Buffer.from([0x2c, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 2, 2, 0x44, 1, 0, 0x3b]),
  ]);

const LAUGHS = `<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa">${Array.from(
  { length: 9 },
  (_, i) => `<!ENTITY ${'bcdefghij'[i]} "${`&${'abcdefghi'[i]};`.repeat(10)}">`,
).join('')}]><svg xmlns="http://www.w3.org/2000/svg"><text>&j;</text></svg>`;

describe('hostile and damaged images: one sentence each', () => {
  const files: [name: string, content: () => Buffer | string | Promise<Buffer>, sentence: RegExp][] = [
    ['empty.png', () => '', /^empty\.png is an empty file\.$/],
    ['words.png', () => 'I am a picture, trust me.', /^words\.png is not in a format of images/],
    ['page.jpg', () => '<!doctype html><img src=x>', /^page\.jpg is an HTML page; the address of the image itself/],
    ['paper.png', () => '%PDF-1.7 …', /^paper\.png is a PDF document; use parse_file\.$/],
    ['office.gif', () => Buffer.from('PK\x03\x04\x14\0\0\0', 'latin1'), /is a ZIP archive or an office document/],
    ['cut.jpg', async () => (await readFile(inside('photo.jpg'))).subarray(0, 6000), /is damaged, or no image\.$/],
    ['cut.png', async () => (await readFile(inside('card.png'))).subarray(0, 3000), /is damaged, or no image\.$/],
    ['start.jpg', () => Buffer.from([0xff, 0xd8, 0xff, 0xe0]), /is damaged, or no image\.$/],
    ['cut.bmp', async () => (await readFile(inside('old.bmp'))).subarray(0, 60), /is damaged, or no image\.$/],
    ['bomb.png', () => bombPng(100_000, 100_000), /has more pixels than are decoded here\.$/],
    ['claim.png', () => bombPng(2 ** 31 - 1, 2 ** 31 - 1), /cannot be shown: /],
    ['short.png', () => bombPng(15_000, 15_000), /cannot be shown: it is damaged/],
    ['bomb.gif', gifBomb, /cannot be shown: /],
    ['laughs.svg', () => LAUGHS, /cannot be shown: /],
    ['deep.svg', () => `<svg xmlns="http://www.w3.org/2000/svg">${'<g>'.repeat(200_000)}`, /cannot be shown: /],
    [
      'phone.heic',
      () => Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1'),
      /format HEIC, which cannot be read/,
    ],
    ['new.jxl', () => Buffer.from('\xff\x0a\xff\x0a', 'latin1'), /format JXL, which cannot be read here/],
  ];
  test.each(files)('%s', async (name, content, sentence) => {
    await writeFile(inside(name), await content());
    const error = await ask([name]).then(
      () => undefined,
      (reason: unknown) => reason as Error,
    );
    expect(error).toBeInstanceOf(ToolError);
    expect(error?.message).toMatch(sentence);
    expect(error?.message.split('\n')).toHaveLength(1);
    expect(server.requests).toHaveLength(0);
  });

  test('files and addresses that are not to be opened', async () => {
    await writeFile(join(tmpdir(), 'outside.png'), await readFile(inside('card.png')));
    await symlink(join(tmpdir(), 'outside.png'), inside('link.png'));
    execFileSync('mkfifo', [inside('pipe.png')]);
    await writeFile(inside('huge.png'), '');
    await truncate(inside('huge.png'), 200 * 1024 * 1024);
    served.set('/page', { type: 'text/html', body: Buffer.from('<!doctype html><p>no image') });
    for (const [path, sentence] of [
      ['/etc/passwd', /is absolute/],
      ['../outside.png', /contains "\.\."/],
      ['link.png', /link that leads out of the workspace/],
      ['pipe.png', /neither a file nor a folder/],
      ['charts', /is not a file/],
      ['huge.png', /has 200 MB, more than the 50 that are read/],
      ['cart.png', /There is no file "cart\.png".* Like it: .*card\.png/],
      ['film.mp4', /is a video; use ask_question_about_video/],
      ['file:///etc/passwd', /could not be opened/],
      ['http://169.254.169.254/latest/meta-data', /could not be opened/],
      ['http://10.0.0.1/a.png', /could not be opened/],
      [`http://localhost:${site.port}/page`, /it is an HTML page/],
      [`http://localhost:${site.port}/gone.png`, /answered 404/],
    ] as const) {
      await expect(ask([path]), path).rejects.toThrow(sentence);
    }
    await rm(join(tmpdir(), 'outside.png'));
    expect(server.requests).toHaveLength(0);
  });

  test('a drawing loads nothing from outside', async () => {
    await makeMedia(inside('red.png'), '-f lavfi -i color=red:s=24x24:d=1 -frames:v 1');
    const link = (href: string) => `<image href="${href}" width="24" height="24"/>`;
    const links = [
      `file://${inside('red.png')}`,
      inside('red.png'),
      'red.png',
      `http://localhost:${site.port}/red.png`,
    ];
    await writeFile(
      inside('links.svg'),
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><rect width="24" height="24" fill="#00f"/>${links.map(link).join('')}</svg>`,
    );
    await ask(['links.svg']);
    const { channels } = await sharp(lastShown(server)[0]?.bytes).stats();
    expect(channels.map(({ mean }) => Math.round(mean)).slice(0, 3)).toEqual([0, 0, 255]);
  });
});

describe('when the model server fails', () => {
  test('a fault of the server: tried later, as it says', async () => {
    answer = () => ({ status: 503, headers: { 'retry-after': '7' }, body: '{"error":{"message":"loading"}}' });
    const error = (await ask(['card.png']).catch((reason: unknown) => reason)) as TryLater;
    expect(error).toBeInstanceOf(TryLater);
    expect(error.output.text).toMatch(/^The vision model could not be asked: /);
    expect(error.output.failed).toBe(true);
  });

  test('a refusal: a sentence that names the variable and hides the key', async () => {
    answer = () => ({ status: 401, body: `{"error":{"message":"bad key ${KEY}"}}` });
    const error = (await ask(['card.png']).catch((reason: unknown) => reason)) as Error;
    expect(error).toBeInstanceOf(ToolError);
    expect(error.message).toContain('refused the key (401)');
    expect(error.message).not.toContain(KEY);
  });

  test('too much for its context: a sentence that says what to do', async () => {
    answer = () => ({ status: 400, body: '{"error":{"message":"maximum context length is 4096 tokens"}}' });
    await expect(ask(['card.png'])).rejects.toThrow('ask about fewer or smaller images');
  });

  test('an answer that is empty says so', async () => {
    answer = () => ({
      body: 'data: {"choices":[{"index":0,"delta":{"content":""},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n',
    });
    expect((await ask(['card.png'])).text).toBe('(The vision model gave no answer.)');
  });

  test('a stopped question closes its connection', async () => {
    const asked = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    const silent = await httpServer((request, response) => {
      if (request.method !== 'POST') return void response.writeHead(404).end();
      response.on('close', closed.resolve);
      request.resume().on('end', asked.resolve);
    });
    const other = makeFleet([endpointAt(`http://127.0.0.1:${silent.port}`)]);
    const tool = makeAskImageTool({ fleet: other, settings: DEFAULT_VISION });
    const stop = new AbortController();
    const context = { callId: 'r1c1', recorded: unrecorded, signal: stop.signal, workspace };
    const gone = expect(tool.run({ image_path: ['card.png'], question: 'q' }, context)).rejects.toThrow('stopped');
    await asked.promise;
    stop.abort(new Error('stopped'));
    await gone;
    await closed.promise;
    await other.close();
    await silent.close();
  });

  test('one that is stopped before it was asked ends', async () => {
    const stop = new AbortController();
    const asked = ask(['noise.png'], 'q', { signal: stop.signal });
    stop.abort(new Error('stopped'));
    await expect(asked).rejects.toThrow('stopped');
  });
});

test('a call is paid for once: its next attempt gets the same answer', async () => {
  const state = await mkdtemp(join(tmpdir(), 'ask-image-state-'));
  const first = await ask(['card.png'], 'q', { recorded: callRecords(state, 'w', 'r1c1') });
  const second = await ask(['card.png'], 'q', { recorded: callRecords(state, 'w', 'r1c1') });
  expect(second).toEqual(first);
  expect(server.requests).toHaveLength(1);
  await ask(['card.png'], 'another', { recorded: callRecords(state, 'w', 'r1c1') });
  expect(server.requests).toHaveLength(2);
  await rm(state, { recursive: true });
});

test('the other APIs get images in their own form', async () => {
  const { anthropicMessages } = await import('../../activities/inference/adapters/anthropic/messages.ts');
  const { inputItems } = await import('../../activities/inference/adapters/responses/input.ts');
  const media = [{ kind: 'image', type: 'image/png', base64: 'AAAA', label: 'a.png:' }] as const;
  const message = { role: 'user', content: 'q', media } as const;
  expect(anthropicMessages([message], false)).toEqual([
    {
      role: 'user',
      content: [
        { type: 'text', text: 'a.png:' },
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
        { type: 'text', text: 'q' },
      ],
    },
  ]);
  expect(inputItems(message, 'e')).toEqual([
    {
      role: 'user',
      content: [
        { type: 'input_text', text: 'a.png:' },
        { type: 'input_image', image_url: 'data:image/png;base64,AAAA', detail: 'auto' },
        { type: 'input_text', text: 'q' },
      ],
    },
  ]);
});
