import { type ZodType, z } from 'zod';

/**
 * Schemas that take what is there: a missing field, a null or a value of another type is as if it were not there, so
 * that one odd field never costs the whole answer.
 */
export const optionalText = z
  .union([z.string(), z.number().transform(String)])
  .optional()
  .catch(undefined);

export const optionalNumber = z
  .union([z.number(), z.string().regex(/^\d+$/).transform(Number)])
  .optional()
  .catch(undefined);

/** The items of the shape; others are left out. Anything but a list is an empty one. */
export function lenientList<T>(item: ZodType<T>) {
  return z.array(z.unknown()).catch([]).transform(fitting(item));
}

/** As `lenientList`, where the provider always has the list: without it the answer is none. */
export function requiredList<T>(item: ZodType<T>) {
  return z.array(z.unknown()).transform(fitting(item));
}

const fitting =
  <T>(item: ZodType<T>) =>
  (values: unknown[]): T[] =>
    values.flatMap((value) => {
      const parsed = item.safeParse(value);
      return parsed.success ? [parsed.data] : [];
    });

/** An object of the shape, or undefined. */
export function optionalObject<T>(schema: ZodType<T>) {
  return schema.optional().catch(undefined);
}
