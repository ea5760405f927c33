import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { QUERY } from '../../protocol/names.ts';
import type { TrajectoryPage } from '../../protocol/trajectory.ts';
import { card, makeMedia } from '../support/make-media.ts';
import type { ModelApi } from '../support/model-apis/server.ts';
import { openSessions, played, type Sessions, START_LIMIT_MS } from '../support/sessions.ts';
import { lastShown, startVisionServer } from '../support/vision-server.ts';

let sessions: Sessions;
let eye: ModelApi;
let files: string;
/** The first question gets a server that is still loading. */
let busy = 1;

beforeAll(async () => {
  sessions = await openSessions();
  files = mkdtempSync(join(tmpdir(), 'vision-files-'));
  await makeMedia(join(files, 'chart.png'), `${card(640, 480)} -frames:v 1`);
  await makeMedia(join(files, 'clip.mp4'), card(320, 240, 2));
  eye = await startVisionServer(() => {
    busy -= 1;
    return busy < 0 ? undefined : { status: 503, headers: { 'retry-after-ms': '100' }, body: 'loading' };
  });
}, START_LIMIT_MS);
afterAll(async () => {
  await eye?.close();
  await sessions?.close();
  if (files) rmSync(files, { recursive: true });
});

test('a session asks about an image and a video that it was given', async () => {
  await sessions.work({
    DEEP_RESEARCH_VISION_URL: eye.url,
    DEEP_RESEARCH_VISION_MODEL: 'eye',
    DEEP_RESEARCH_VISION_FRAMES: '4',
    DEEP_RESEARCH_FILES_DIR: files,
  });
  const session = await sessions.start({
    ...played({
      script: [
        { name: 'ask_question_about_image', arguments: { image_path: ['chart.png'], question: 'Which bars?' } },
        { name: 'ask_question_about_video', arguments: { video_path: 'clip.mp4', question: 'What moves?' } },
      ],
    }),
    files: ['chart.png', 'clip.mp4'],
  });
  const result = await session.result();
  const { segments } = await session.query<TrajectoryPage, []>(QUERY.trajectory);
  const calls = segments.flatMap(({ rounds }) => rounds.flatMap(({ calls }) => calls));
  expect(calls.map(({ name, state }) => [name, state])).toEqual([
    ['ask_question_about_image', 'done'],
    ['ask_question_about_video', 'done'],
  ]);
  expect(calls[0]?.result).toBe('I see 1: chart.png: Asked: Which bars?');
  expect(calls[1]?.result).toContain('[clip.mp4 (0:02) was shown in 4 frames without sound');
  expect(lastShown(eye)).toHaveLength(4);
  expect(result.sources.map(({ url }) => url)).toEqual(['chart.png', 'clip.mp4']);
  // Both questions' tokens beside those of the rehearsal model's replies.
  const own = segments.flatMap(({ rounds }) => rounds.flatMap(({ reply }) => reply?.usage.prompt ?? 0));
  expect(result.usage.prompt).toBe(own.reduce((a, b) => a + b) + 200);
});
