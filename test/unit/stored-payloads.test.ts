import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultPayloadConverter } from '@temporalio/common';
import { expect, test } from 'vitest';
import { payloadDriver } from '../../converter/stored-payloads.ts';

const folder = () => mkdtempSync(join(tmpdir(), 'deep-research-payloads-'));
const driverAt = (place: string) => payloadDriver({ place: { folder: place }, scratch: join(place, 'scratch') });

test('what is put there comes back the same, once for the same content', async () => {
  const place = folder();
  const driver = driverAt(place);
  const values = [
    '图'.repeat(100_000),
    { rounds: [1, 2, '\n'] },
    new Uint8Array([0, 10, 255]),
    undefined,
    '图'.repeat(100_000),
  ];
  const payloads = values.map((value) => defaultPayloadConverter.toPayload(value)!);
  const claims = await driver.store({}, payloads);
  const back = await driver.retrieve({}, claims);
  expect(back.map((payload) => defaultPayloadConverter.fromPayload(payload))).toEqual(values);
  expect(claims[0]).toEqual(claims[4]);
  const files = readdirSync(place, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(files).toHaveLength(4);
});

test('what is lost or damaged is said, with the place', async () => {
  const place = folder();
  const driver = driverAt(place);
  const claims = await driver.store({}, [defaultPayloadConverter.toPayload('x'.repeat(1000))!]);
  rmSync(place, { recursive: true });
  await expect(driver.retrieve({}, claims)).rejects.toThrow(
    /A payload of \d+ bytes \([0-9a-f]{64}\) is not in .*deep-research-payloads-/,
  );
});
