import { encryptsFailures } from '../../../converter/data-converter.ts';
import { fileVariableOf, secretFrom } from '../../../store/secret-file.ts';
import { startCodecServer } from '../../codec-server/server.ts';
import { converterFrom } from '../../converter-from.ts';
import { InvalidInput } from '../../errors.ts';

export interface CodecServerFlags {
  port: number;
  host: string;
  origin?: string[];
}

/** Web UIs of `npm start` and of Temporal's own dev server. */
export const DEFAULT_ORIGINS = ['http://localhost:8233', 'http://127.0.0.1:8233'];

const TOKEN = 'DEEP_RESEARCH_CODEC_TOKEN';

/** Serves until it is interrupted. @throws InvalidInput where there are no keys, or no token in its file */
export async function codecServer(
  { port, host, origin = DEFAULT_ORIGINS }: CodecServerFlags,
  { err, signal }: { err: { write(text: string): unknown }; signal: AbortSignal },
  env: Record<string, string | undefined> = process.env,
): Promise<void> {
  const converter = converterFrom(env);
  if (!encryptsFailures(converter)) {
    throw new InvalidInput('DEEP_RESEARCH_ENCRYPTION_KEYS: expected the keys of the workers, got nothing.');
  }
  const token = tokenFrom(env);
  const origins = origin.map((one) => one.replace(/\/+$/, ''));
  const server = await startCodecServer({ host, port, origins, token, converter });
  err.write(`Codec server at ${server.url} for ${origins.join(', ')}\n`);
  if (!token && !/^(127\.|::1$|localhost$)/.test(host)) {
    err.write(`Whoever can reach ${host} can read what is encrypted; ${TOKEN} asks for a token.\n`);
  }
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  await server.close();
}

/** Who names a file for the token wants one asked for: an empty file must not open the server to everybody. */
function tokenFrom(env: Record<string, string | undefined>): string | undefined {
  const file = env[fileVariableOf(TOKEN)]?.trim();
  let token: string | undefined;
  try {
    token = secretFrom(env, TOKEN);
  } catch (error) {
    throw new InvalidInput((error as Error).message);
  }
  if (file && !token)
    throw new InvalidInput(`${fileVariableOf(TOKEN)}: the file "${file}" is empty; expected the token.`);
  return token;
}
