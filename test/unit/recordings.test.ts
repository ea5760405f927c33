import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { callRecords, unrecorded } from '../../activities/lookup/recorded.ts';
import { Secret } from '../../activities/secret.ts';
import { makeParseFileTool } from '../../activities/tools/parse-file.ts';
import { TryLater } from '../../activities/tools/tool.ts';
import { recordingFormat } from '../../activities/transcription/recording-format.ts';
import type { TranscriptionSettings } from '../../activities/transcription/settings.ts';
import { type TranscriberOptions, transcriber } from '../../activities/transcription/transcriber.ts';
import { FetchError } from '../../activities/web/fetch-error.ts';
import { readConfiguration } from '../../worker/configuration/index.ts';
import { makeMedia } from '../support/make-media.ts';
import {
  refusal,
  startTranscriptionServer,
  type TranscriptionAnswer,
  type TranscriptionRequest,
  type TranscriptionServer,
} from '../support/transcription-server.ts';

const run = promisify(execFile);
const KEY = 'sk-not-to-be-seen-anywhere';
const TONE = '-f lavfi -i sine=frequency=300:duration=2';
let workspace: string;
let server: TranscriptionServer;
let answer: (request: TranscriptionRequest, index: number) => TranscriptionAnswer | undefined;

beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'recordings-'));
  const film = '-f lavfi -i testsrc=s=64x48:r=5:d=2';
  // A pause from 0:50 to 0:54, in which a long recording is cut.
  const long = '-f lavfi -i aevalsrc=0.5*sin(2000*t)*(lt(t\\,50)+gt(t\\,54)):s=8000:d=70 -b:a 16k';
  await Promise.all([
    makeMedia(join(workspace, 'talk.mp3'), `${TONE} -b:a 32k`),
    makeMedia(join(workspace, 'talk.wav'), `${TONE} -ar 8000`),
    makeMedia(join(workspace, 'talk.m4a'), `${TONE}`),
    makeMedia(join(workspace, 'talk.aiff'), `${TONE} -ar 8000`),
    makeMedia(join(workspace, 'film.mp4'), `${film} ${TONE} -pix_fmt yuv420p`),
    makeMedia(join(workspace, 'silent.mp4'), `${film} -pix_fmt yuv420p`),
    makeMedia(join(workspace, 'long.mp3'), long),
  ]);
  await writeFile(join(workspace, 'broken.mp4'), (await readFile(join(workspace, 'film.mp4'))).subarray(0, 400));
  await writeFile(
    join(workspace, 'list.avi'),
    Buffer.from('RIFF\x10\0\0\0AVI #EXTM3U\nhttp://127.0.0.1:1/x\n', 'latin1'),
  );
  await copyFile(join(workspace, 'talk.mp3'), join(workspace, 'really.txt'));
});

afterAll(() => rm(workspace, { recursive: true }));

beforeEach(async () => {
  answer = () => undefined;
  server = await startTranscriptionServer((request, index) => answer(request, index));
});

afterEach(() => server.close());

const settings = (more: Partial<TranscriptionSettings> = {}): TranscriptionSettings => ({
  url: server.url,
  model: 'whisper-1',
  apiKey: new Secret(KEY),
  maxBytes: 25 * 1024 * 1024,
  ...more,
});

function parser(more: Partial<TranscriptionSettings> = {}, options: TranscriberOptions = {}) {
  const tool = makeParseFileTool({ transcribe: transcriber(settings(more), options) });
  return (file: string, { signal = new AbortController().signal, recorded = unrecorded } = {}) =>
    tool.run({ files: [file] }, { callId: 'r1c1', recorded, signal, workspace });
}

async function probed(bytes: Buffer): Promise<{ seconds: number; codec: string }> {
  const file = join(workspace, 'probed');
  await writeFile(file, bytes);
  const wanted = 'format=duration:stream=codec_name';
  const { stdout } = await run('ffprobe', ['-v', 'error', '-show_entries', wanted, '-of', 'json', file]);
  const { format, streams } = JSON.parse(stdout);
  return {
    seconds: Number(format.duration),
    codec: streams.map((one: { codec_name: string }) => one.codec_name).join(),
  };
}

const none = async () => undefined;

describe('what is sent', () => {
  test.each([
    ['talk.mp3', 'recording.mp3', 'audio/mpeg'],
    ['talk.wav', 'recording.wav', 'audio/wav'],
    ['talk.m4a', 'recording.m4a', 'audio/mp4'],
    ['really.txt', 'recording.mp3', 'audio/mpeg'],
  ])('%s goes as it is', async (file, name, type) => {
    const { text, sources } = await parser()(file);
    expect(text).toBe(
      `Content of ${file} (recording, 78 characters):\n\n[Transcript of 1:06 by whisper-1]\n\n[0:00] Piece 1 said.第二句。\n[1:05] Much later.`,
    );
    expect(sources).toEqual([{ url: file }]);
    expect(server.requests).toHaveLength(1);
    const [{ path, headers, fields, file: sent }] = server.requests as [TranscriptionRequest];
    expect({ path, fields }).toEqual({
      path: '/v1/audio/transcriptions',
      fields: { model: 'whisper-1', response_format: 'verbose_json' },
    });
    expect(headers.authorization).toBe(`Bearer ${KEY}`);
    expect({ name: sent.name, type: sent.type }).toEqual({ name, type });
    expect(sent.bytes.equals(await readFile(join(workspace, file)))).toBe(true);
  });

  test.each(['film.mp4', 'talk.aiff'])('of %s the sound, as MP3', async (file) => {
    await parser()(file);
    const [{ file: sent }] = server.requests as [TranscriptionRequest];
    expect(sent.name).toBe('recording.mp3');
    const { seconds, codec } = await probed(sent.bytes);
    expect(codec).toBe('mp3');
    expect(seconds).toBeCloseTo(2, 0);
  });

  test('a recording that is too large goes in pieces that end in pauses', async () => {
    const { text } = await parser({ maxBytes: 100_000 }, { pieceSeconds: 60 })('long.mp3');
    const lengths: number[] = [];
    for (const { file } of server.requests) lengths.push((await probed(file.bytes)).seconds);
    expect(lengths).toHaveLength(2);
    expect(lengths[0]).toBeGreaterThan(50);
    expect(lengths[0]).toBeLessThan(54.5);
    expect(lengths[0]! + lengths[1]!).toBeCloseTo(70, -1);
    expect(text).toMatch(
      /\[Transcript of 1:5\d by whisper-1\]\n\n\[0:00\] Piece 1 said\.第二句。\n\[1:05\] Much later\.\n\[0:5[123]\] Piece 2/,
    );
  });

  test('a base address may have its version, and a key is not needed', async () => {
    await parser({ url: `${server.url}/v1/`, apiKey: undefined })('talk.mp3');
    expect(server.requests[0]).toMatchObject({ path: '/v1/audio/transcriptions' });
    expect(server.requests[0]!.headers.authorization).toBeUndefined();
  });

  test('a server without times is asked for plain text, once it has said so', async () => {
    answer = ({ fields }) =>
      fields.response_format === 'verbose_json'
        ? refusal(
            400,
            "response_format 'verbose_json' is not compatible with model 'gpt-4o-transcribe'. Use 'json' or 'text' instead.",
          )
        : undefined;
    const parse = parser({ model: 'gpt-4o-transcribe' });
    expect((await parse('talk.mp3')).text).toContain('[Transcript by gpt-4o-transcribe]\n\nPiece 2 said. 第二句。');
    await parse('talk.wav');
    expect(server.requests.map(({ fields }) => fields.response_format)).toEqual(['verbose_json', 'json', 'json']);
  });

  test('what the server does not take as it is, it gets converted', async () => {
    answer = ({ file }) =>
      file.name.endsWith('wav') ? refusal(400, 'Invalid file format. Supported formats: ["mp3"]') : undefined;
    expect((await parser()('talk.wav')).text).toContain('Piece 2 said.');
    expect(server.requests.map(({ file }) => file.name)).toEqual(['recording.wav', 'recording.mp3']);
  });
});

describe('what was paid for once', () => {
  test('the parts of a long transcript are one request', async () => {
    const words = 'word '.repeat(8000).trim();
    answer = () => ({ body: { text: words } });
    const parse = parser();
    expect((await parse('talk.mp3')).text).toMatch(/\(recording, 40,0\d\d characters in 3 parts\), part 1 of 3:/);
    expect((await parse('talk.mp3#part=3')).text).toMatch(/part 3 of 3:\n\nword/);
    expect(server.requests).toHaveLength(1);
  });

  test('an attempt after a failure asks only for the pieces it lacks', async () => {
    const state = await mkdtemp(join(tmpdir(), 'recordings-state-'));
    try {
      const recorded = callRecords(state, 'session', 'r1c1');
      answer = (_, index) => (index === 1 ? refusal(503, 'busy') : undefined);
      const first = parser({ maxBytes: 100_000 }, { pieceSeconds: 60 })('long.mp3', { recorded });
      await expect(first).rejects.toThrow(TryLater);
      expect((await parser({ maxBytes: 100_000 }, { pieceSeconds: 60 })('long.mp3', { recorded })).text).toContain(
        'Piece 3 said',
      );
      expect(server.requests).toHaveLength(3);
    } finally {
      await rm(state, { recursive: true });
    }
  });
});

describe('failures of the server', () => {
  test.each<[string, TranscriptionAnswer, RegExp, number | undefined]>([
    [
      '429 that says when',
      refusal(429, 'Rate limit reached', { 'retry-after': '7' }),
      /answered 429: Rate limit reached/,
      7000,
    ],
    ['500', refusal(500, 'The server had an error'), /answered 500: The server had an error/, undefined],
    ['503 in HTML', { status: 503, body: '<html>down</html>' }, /answered 503: <html>down/, undefined],
    ['a connection that breaks', { breaks: true }, /could not be used/, undefined],
    ['no JSON', { body: 'hello' }, /its answer is not JSON/, undefined],
    ['JSON without text', { body: { words: [] } }, /its answer has no text/, undefined],
  ])('%s is tried again', async (_name, given, sentence, afterMs) => {
    answer = () => given;
    const error = await parser()('talk.mp3').catch((error) => error);
    expect(error).toBeInstanceOf(TryLater);
    expect(error.afterMs).toBe(afterMs);
    expect(error.output.failed).toBe(true);
    expect(error.output.text).toMatch(/^talk\.mp3 could not be transcribed: the transcription server /);
    expect(error.output.text).toMatch(sentence);
  });

  test.each<[string, TranscriptionAnswer, string]>([
    [
      '401',
      refusal(401, `Incorrect API key provided: ${KEY}`),
      'the transcription server refused the key (401); check DEEP_RESEARCH_TRANSCRIPTION_API_KEY.',
    ],
    [
      '404',
      refusal(404, 'The model `whisper-1` does not exist'),
      'the transcription server answered 404: The model `whisper-1` does not exist Check DEEP_RESEARCH_TRANSCRIPTION_MODEL and DEEP_RESEARCH_TRANSCRIPTION_URL.',
    ],
    [
      '400',
      refusal(400, `Audio file might be corrupted (${KEY})`),
      'the transcription server answered 400: Audio file might be corrupted (***).',
    ],
  ])('%s is final', async (_name, given, sentence) => {
    answer = () => given;
    const error = await parser({}, { programs: none })('talk.mp3').catch((error) => error);
    expect(error.name).toBe('ToolError');
    expect(error.message).toBe(`talk.mp3 could not be transcribed: ${sentence}`);
    expect(JSON.stringify(error)).not.toContain(KEY);
  });

  test('a server that is not there is tried again', async () => {
    await expect(parser({ url: 'http://127.0.0.1:1' })('talk.mp3')).rejects.toThrow(TryLater);
  });

  test('a cancel closes the connection', async () => {
    answer = () => ({ hangs: true });
    const stop = new AbortController();
    const parsing = parser()('talk.mp3', { signal: stop.signal });
    while (server.requests.length === 0) await sleep(10);
    stop.abort(new Error('stopped'));
    await expect(parsing).rejects.toThrow('stopped');
    while (server.closed === 0) await sleep(10);
    expect(server.closed).toBe(1);
  });
});

describe('what cannot be heard is a sentence', () => {
  test.each([
    ['silent.mp4', /^silent\.mp4 has no sound\.$/],
    ['broken.mp4', /^broken\.mp4 cannot be heard: it is damaged, or no recording\.$/],
    ['list.avi', /^list\.avi (has no sound|cannot be heard: it is)/],
  ])('%s', async (file, sentence) => {
    await expect(parser()(file)).rejects.toMatchObject({ name: 'ToolError', message: expect.stringMatching(sentence) });
    expect(server.requests).toHaveLength(0);
  });

  test.each([
    ['talk.aiff', 'talk.aiff cannot be transcribed: AIFF has to be converted, and this worker has no ffmpeg.'],
    ['long.mp3', 'long.mp3 cannot be transcribed: it is too large to be sent whole, and this worker has no ffmpeg.'],
  ])('%s without ffmpeg', async (file, sentence) => {
    const parsing = parser({ maxBytes: 100_000 }, { programs: none })(file);
    await expect(parsing).rejects.toMatchObject({ name: 'ToolError', message: sentence });
  });

  test('a film that is short enough goes whole without ffmpeg', async () => {
    await parser({}, { programs: none })('film.mp4');
    expect(server.requests[0]!.file).toMatchObject({ name: 'recording.mp4', type: 'video/mp4' });
  });

  test('without a server', async () => {
    const parsing = makeParseFileTool().run(
      { files: ['talk.mp3'] },
      { callId: 'r1c1', recorded: unrecorded, signal: new AbortController().signal, workspace },
    );
    await expect(parsing).rejects.toThrow(
      'talk.mp3 is a recording, and this worker has no server that writes down what is said in it (DEEP_RESEARCH_TRANSCRIPTION_URL).',
    );
  });

  test.each([
    'ID3 tags are',
    'The ftyp box',
    'caffeine is',
    'GOOD\nmorning',
    'FORM of text',
    'RIFF raff',
  ])('%j is text', (text) => {
    expect(recordingFormat(Buffer.from(text))).toBeUndefined();
  });
});

test('a recording of the web is fetched when it is refused as a page', async () => {
  const url = 'https://radio.example/talk.mp3';
  const bytes = await readFile(join(workspace, 'talk.mp3'));
  const fetched: string[] = [];
  const tool = makeParseFileTool({
    openPage: async () => {
      throw new FetchError('type', url, 'it is a sound file (audio/mpeg), which cannot be read here');
    },
    fetchFile: async (asked, { accept }) => {
      fetched.push(`${asked} ${accept.join(' ')}`);
      return { url, finalUrl: url, status: 200, kind: 'audio', mediaType: 'audio/mpeg', charset: undefined, bytes };
    },
    transcribe: transcriber(settings()),
  });
  const context = { callId: 'r1c1', recorded: unrecorded, signal: new AbortController().signal, workspace };
  expect((await tool.run({ files: [url] }, context)).text).toContain('Piece 1 said.');
  expect(fetched).toEqual([`${url} audio video`]);
});

test('the server is configured by its address and model', () => {
  const read = (env: NodeJS.ProcessEnv) => readConfiguration(env, { needsModel: false }).transcription;
  const DEEP_RESEARCH_TRANSCRIPTION_URL = 'http://gpu:8000';
  expect(read({})).toBeUndefined();
  expect(read({ DEEP_RESEARCH_TRANSCRIPTION_URL, DEEP_RESEARCH_TRANSCRIPTION_MODEL: 'whisper-1' })).toEqual({
    url: 'http://gpu:8000',
    model: 'whisper-1',
    maxBytes: 25 * 1024 * 1024,
  });
  expect(() => read({ DEEP_RESEARCH_TRANSCRIPTION_URL })).toThrow(
    'DEEP_RESEARCH_TRANSCRIPTION_MODEL: expected the name of its model, got nothing.',
  );
  expect(() => read({ DEEP_RESEARCH_TRANSCRIPTION_MODEL: 'a', DEEP_RESEARCH_TRANSCRIPTION_URL: 'gpu' })).toThrow(
    'DEEP_RESEARCH_TRANSCRIPTION_URL: expected an http or https URL, got "gpu".',
  );
});
