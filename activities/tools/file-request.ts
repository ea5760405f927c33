/** What of a file is wanted: a part, or the part in which a page, slide or sheet begins. All count from 1. */
export interface WantedPart {
  unit: 'part' | 'page' | 'sheet';
  /** A sheet may be named. */
  number: number | string;
}

/** What the model wrote for a file: `data/all.zip#member=tables/a.xlsx#sheet=Sales` */
export interface FileRequest {
  /** As it was written, without the wanted part. */
  shown: string;
  path: string;
  /** Of an archive, of an archive in that, and so on. */
  members: string[];
  wanted: WantedPart;
}

export function fileRequest(file: string): FileRequest {
  const { shown, wanted } = partOf(file);
  const [path = file, ...members] = shown.split('#member=');
  return path === '' ? { shown, path: shown, members: [], wanted } : { shown, path, members, wanted };
}

function partOf(file: string): { shown: string; wanted: WantedPart } {
  const [, before, unit, which = ''] = /^(.+)#(part|page|slide|sheet)=([^#]{1,200})$/s.exec(file) ?? [];
  const isNumber = /^\d{1,6}$/.test(which);
  if (before === undefined || !(isNumber || unit === 'sheet'))
    return { shown: file, wanted: { unit: 'part', number: 1 } };
  const number = isNumber ? Number(which) : which;
  return { shown: before, wanted: { unit: unit === 'slide' ? 'page' : (unit as WantedPart['unit']), number } };
}
