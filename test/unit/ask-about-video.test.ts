import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Fleet, makeFleet } from '../../activities/inference/fleet/index.ts';
import { unrecorded } from '../../activities/lookup/recorded.ts';
import { makeTools } from '../../activities/tools/all-tools.ts';
import { makeAskVideoTool } from '../../activities/tools/ask-about-video.ts';
import { ToolError } from '../../activities/tools/tool.ts';
import { ffmpeg } from '../../activities/vision/ffmpeg.ts';
import { DEFAULT_VISION } from '../../activities/vision/settings.ts';
import { webFiles } from '../../activities/web/web-files.ts';
import { card, makeMedia } from '../support/make-media.ts';
import type { ModelApi } from '../support/model-apis/server.ts';
import { lastShown, startVisionServer } from '../support/vision-server.ts';
import { httpServer, type LocalServer } from './safe-fetch-network.ts';

let workspace: string;
let server: ModelApi;
let fleet: Fleet;
let site: LocalServer;

const inside = (name: string) => join(workspace, name);
const VISION = { name: 'v', model: 'eye', format: 'deep_research', weight: 1, roles: ['vision'] } as const;

beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'ask-video-'));
  await Promise.all([
    makeMedia(inside('film.mp4'), `${card(1280, 720, 8)} -f lavfi -i sine=d=8`),
    makeMedia(inside('talk.webm'), `${card(320, 240, 4)} -c:v libvpx`),
    makeMedia(inside('old.avi'), card(160, 120, 2)),
    makeMedia(inside('blink.mp4'), '-f lavfi -i testsrc=s=64x64:r=25:d=0.04'),
    makeMedia(inside('moving.gif'), card(80, 60, 3)),
    makeMedia(inside('tall.mp4'), card(360, 1280, 1)),
    makeMedia(inside('sound.mp3'), '-f lavfi -i sine=d=1'),
    makeMedia(inside('sound.m4a'), '-f lavfi -i sine=d=1'),
    makeMedia(inside('still.png'), `${card(64, 64)} -frames:v 1`),
  ]);
  // Red, then green, then blue, a second each.
  const colours = ['red', 'lime', 'blue'].map((colour) => `-f lavfi -i color=${colour}:s=64x64:d=1:r=10`).join(' ');
  await makeMedia(inside('colours.mp4'), `${colours} -filter_complex [0][1][2]concat=n=3 -pix_fmt yuv420p`);
  site = await httpServer(async (_, response) => {
    response.writeHead(200, { 'content-type': 'video/mp4' }).end(await readFile(inside('colours.mp4')));
  });
});
beforeEach(async () => {
  server = await startVisionServer();
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

async function ask(paths: string[], settings: Partial<typeof DEFAULT_VISION> = {}, signal?: AbortSignal) {
  const found = await ffmpeg();
  if (!found) throw new Error('These tests need ffmpeg and ffprobe.');
  const tool = makeAskVideoTool({
    fleet,
    settings: { ...DEFAULT_VISION, frames: 4, ...settings },
    ffmpeg: found,
    fetchFile: webFiles({ allowPrivate: ['localhost'], robots: false }),
  });
  const context = { callId: 'r1c1', recorded: unrecorded, signal: signal ?? new AbortController().signal, workspace };
  return tool.run({ video_path: paths, question: 'What happens?' }, context);
}

const labels = () => lastShown(server).map(({ label }) => label);

describe('what the model server gets', () => {
  test('frames spread over the video, each with its time, and the answer says what was shown', async () => {
    const { text, sources, usage } = await ask(['film.mp4']);
    expect(labels()).toEqual(['1', '3', '5', '7'].map((at, i) => `film.mp4, frame ${i + 1} of 4, at 0:0${at}:`));
    expect(text).toContain('[film.mp4 (0:08) was shown in 4 frames without sound, at 0:01, 0:03, 0:05, 0:07.]');
    expect(sources).toEqual([{ url: 'film.mp4' }]);
    expect(usage?.completion).toBe(20);
    for (const { bytes, type } of lastShown(server)) {
      expect(type).toBe('image/jpeg');
      expect(await sharp(bytes).metadata()).toMatchObject({ width: 768, height: 432 });
    }
  });

  test('the frames are those of their times', async () => {
    await ask(['colours.mp4'], { frames: 3 });
    const means = await Promise.all(lastShown(server).map(async ({ bytes }) => (await sharp(bytes).stats()).channels));
    const strongest = means.map((channels) =>
      channels.map(({ mean }) => mean).indexOf(Math.max(...channels.map(({ mean }) => mean))),
    );
    expect(strongest).toEqual([0, 1, 2]);
  });

  test.each([
    ['talk.webm', 4],
    ['old.avi', 4],
    ['moving.gif', 4],
    ['blink.mp4', 1],
  ])('%s', async (file, frames) => {
    await ask([file]);
    expect(labels()).toHaveLength(frames);
  });

  test('a video that stands upright keeps its shape', async () => {
    await ask(['tall.mp4'], { frames: 1, frameSide: 640 });
    expect(await sharp(lastShown(server)[0]?.bytes).metadata()).toMatchObject({ width: 180, height: 640 });
  });

  test('several videos share the frames', async () => {
    await ask(['film.mp4', 'talk.webm'], { frames: 12 });
    expect(labels().filter((label) => label.startsWith('film'))).toHaveLength(6);
    expect(labels().filter((label) => label.startsWith('talk'))).toHaveLength(6);
  });

  test('the video itself where the servers take it, else frames', async () => {
    const { text } = await ask(['colours.mp4', 'old.avi'], { wholeVideos: true });
    const [whole, ...frames] = lastShown(server);
    expect(whole).toMatchObject({ kind: 'video', type: 'video/mp4', label: 'colours.mp4:' });
    expect(whole?.bytes).toEqual(await readFile(inside('colours.mp4')));
    expect(frames).toHaveLength(4);
    expect(text).toContain('[colours.mp4 (0:03) was shown whole.]');
  });

  test('a video of the web, of which no file is left', async () => {
    await ask([`http://localhost:${site.port}/colours.mp4`]);
    expect(labels()).toHaveLength(4);
    expect((await readdir(tmpdir())).filter((name) => /^deep-research-[0-9a-f-]{36}$/.test(name))).toEqual([]);
  });
});

describe('hostile and damaged videos: one sentence each', () => {
  const film = () => inside('colours.mp4');
  const files: [name: string, content: () => Buffer | string | Promise<Buffer>, sentence: RegExp][] = [
    ['empty.mp4', () => '', /cannot be shown: it is damaged, or no video\.$/],
    ['words.mp4', () => 'moov, I promise.', /cannot be shown: /],
    ['cut.mp4', async () => (await readFile(inside('film.mp4'))).subarray(0, 20_000), /it is damaged, or no video\.$/],
    [
      'list.m3u8',
      () => `#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://${film()}\n#EXT-X-ENDLIST\n`,
      /not a video file, or names other files\.$/,
    ],
    [
      'list.mp4',
      () => `#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://localhost:${site.port}/\n#EXT-X-ENDLIST\n`,
      /names other files\.$/,
    ],
    ['concat.mp4', () => `ffconcat version 1.0\nfile ${film()}\n`, /names other files\.$/],
    [
      'manifest.mpd',
      () => `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period/></MPD>`,
      /cannot be shown: /,
    ],
    [
      'session.sdp',
      () => 'v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n',
      /cannot be shown: /,
    ],
    ['subtitles.mp4', () => '1\n00:00:00,000 --> 00:00:01,000\nHello\n', /cannot be shown: /],
  ];
  test.each(files)('%s', async (name, content, sentence) => {
    await writeFile(inside(name), await content());
    const error = (await ask([name]).catch((reason: unknown) => reason)) as Error;
    expect(error).toBeInstanceOf(ToolError);
    expect(error.message).toMatch(sentence);
    expect(error.message.split('\n')).toHaveLength(1);
    expect(server.requests).toHaveLength(0);
  });

  test('what is no video', async () => {
    await expect(ask(['sound.m4a'])).rejects.toThrow('sound.m4a has sound but no pictures.');
    await expect(ask(['sound.mp3'])).rejects.toThrow('sound.mp3 cannot be shown');
    await expect(ask(['still.png'])).rejects.toThrow('still.png is an image; use ask_question_about_image.');
    await expect(ask(['gone.mp4'])).rejects.toThrow('There is no file "gone.mp4"');
    await expect(ask(['http://127.0.0.1/a.mp4'])).rejects.toThrow('could not be opened');
  });

  test('a stopped question ends its programs', async () => {
    const stop = new AbortController();
    const asked = ask(['film.mp4'], { frames: 128 }, stop.signal);
    setTimeout(() => stop.abort(new Error('stopped')), 300);
    await expect(asked).rejects.toThrow('stopped');
    expect(server.requests).toHaveLength(0);
  });
});

test('the tools are offered where a model server has the role', async () => {
  const names = async (roles: ('vision' | 'research')[]) => {
    const other = makeFleet([{ ...VISION, roles, url: 'http://127.0.0.1:9' }]);
    const tools = await makeTools({ stateDir: workspace, fleet: other });
    await other.close();
    return tools.map(({ name }) => name).filter((name) => name.startsWith('ask_'));
  };
  expect(await names(['vision'])).toEqual(['ask_question_about_image', 'ask_question_about_video']);
  expect(await names(['research'])).toEqual([]);
});
