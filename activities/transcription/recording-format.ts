/** How a recording is named to a server, which goes by the ending. */
export interface RecordingFormat {
  ending: string;
  type: string;
  hasPictures?: true;
  /** Servers with OpenAI's API take it as it is. */
  isCommon?: true;
}

/** By the bytes that files begin with (Latin-1). Some video containers may hold sound only. */
const FORMATS: [start: RegExp, format: RecordingFormat][] = [
  [/^RIFF.{4}WAVE/s, { ending: 'wav', type: 'audio/wav', isCommon: true }],
  [/^fLaC\0/, { ending: 'flac', type: 'audio/flac', isCommon: true }],
  [/^OggS\0/, { ending: 'ogg', type: 'audio/ogg', isCommon: true }],
  [/^ID3[\x02-\x04]|^\xff[\xfb\xfa\xf3\xf2\xe3\xe2]/, { ending: 'mp3', type: 'audio/mpeg', isCommon: true }],
  [/^\xff[\xf1\xf9]/, { ending: 'aac', type: 'audio/aac' }],
  [/^#!AMR(?:-WB)?\n/, { ending: 'amr', type: 'audio/amr' }],
  [/^FORM.{4}AIF[FC]/s, { ending: 'aiff', type: 'audio/aiff' }],
  [/^caff\0/, { ending: 'caf', type: 'audio/x-caf' }],
  [/^\0.{3}ftyp(?:M4A|M4B)/s, { ending: 'm4a', type: 'audio/mp4', isCommon: true }],
  [
    /^\0.{3}ftyp(?!avi[fs]|hei|hev|mif1|msf1)/s,
    { ending: 'mp4', type: 'video/mp4', hasPictures: true, isCommon: true },
  ],
  [/^\x1a\x45\xdf\xa3/, { ending: 'webm', type: 'video/webm', hasPictures: true, isCommon: true }],
  [/^RIFF.{4}AVI /s, { ending: 'avi', type: 'video/x-msvideo', hasPictures: true }],
  [/^\x30\x26\xb2\x75\x8e\x66\xcf\x11/, { ending: 'wma', type: 'audio/x-ms-wma' }],
  [/^FLV\x01/, { ending: 'flv', type: 'video/x-flv', hasPictures: true }],
  [/^\0\0\x01\xba/, { ending: 'mpeg', type: 'video/mpeg', hasPictures: true }],
  [/^G@\0/, { ending: 'ts', type: 'video/mp2t', hasPictures: true }],
];

/** `undefined` for what is no recording. */
export function recordingFormat(start: Uint8Array): RecordingFormat | undefined {
  const text = Buffer.from(start.subarray(0, 512)).toString('latin1');
  return FORMATS.find(([signature]) => signature.test(text))?.[1];
}
