import { createReadStream, existsSync } from 'node:fs';
import { appendFile, mkdir, open, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { publish, replaceFile } from '../record-file.ts';
import { type BatchFiles, rolloutFile } from './batch-files.ts';

const CHUNK = 1 << 20;

/** The files of a batch in a folder. */
export function folderFiles(path: string): BatchFiles {
  const at = (name: string) => join(path, name);
  const accounts = at('accounts');
  const ensure = (folder: string) => mkdir(folder, { recursive: true, mode: 0o700 });
  return {
    read: (name) => readFile(at(name)).catch(unlessMissing),
    async readPart(name, offset, bytes) {
      const file = await open(at(name), 'r');
      try {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, offset);
        return buffer.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    },
    async write(name, text) {
      await ensure(path);
      replaceFile(at(name), text);
    },
    async leave(name, text) {
      const write = () => writeFile(at(name), text, { mode: 0o600 });
      await write().catch(async (error) => {
        unlessMissing(error);
        await ensure(dirname(at(name)));
        await write();
      });
    },
    async append(name, text) {
      await ensure(dirname(at(name)));
      await appendFile(at(name), text, { mode: 0o600 });
    },
    async publish(name, record) {
      await ensure(path);
      publish(at(name), record);
    },
    remove: (name) => rm(at(name), { force: true }),
    take: (name, from) => rename(from, at(name)),
    async scratch() {
      await ensure(path);
      return path;
    },

    async *rows(rollout) {
      const file = at(rolloutFile(rollout));
      if (existsSync(file)) yield* createReadStream(file, { highWaterMark: CHUNK });
    },
    async writeRows(rollout, offset, bytes) {
      const file = at(rolloutFile(rollout));
      await ensure(path);
      await (await open(file, 'a', 0o600)).close();
      const { size } = await stat(file);
      if (size < offset) {
        throw new Error(
          `The output file ${file} has ${size} bytes where ${offset} were written: put it back, then the batch goes on.`,
        );
      }
      const out = await open(file, 'r+');
      try {
        await out.write(bytes, 0, bytes.length, offset);
        await out.datasync();
      } finally {
        await out.close();
      }
      return offset + bytes.length;
    },
    replaceRows: (rollout, from) => rename(from, at(rolloutFile(rollout))),
    async endRows(rollout, bytes) {
      const file = at(rolloutFile(rollout));
      const there = await stat(file).catch(unlessMissing);
      if (there && there.size > bytes) await truncate(file, bytes);
    },

    takesAccounts: async () => existsSync(accounts),
    async setTakesAccounts(yes) {
      if (yes) await ensure(accounts);
      else await rm(accounts, { recursive: true, force: true });
    },
  };
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
