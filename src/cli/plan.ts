import { cancelOnSignals } from '../deployment/cancel.ts';
import { preview, renderPreview } from '../deployment/preview.ts';
import type { Request } from '../request/schema.ts';
import { cliDoor } from './perform.ts';

/** `homeport plan`: the same stages as `deploy`, and nothing is changed. */
export async function planFromCli(request: Request, json: boolean): Promise<number> {
  const cancel = cancelOnSignals((line) => process.stderr.write(`${line}\n`), { text: 'looking' });
  try {
    const seen = await preview(request, await cliDoor(request, cancel.signal));
    process.stdout.write(json ? `${JSON.stringify(seen, null, 2)}\n` : renderPreview(seen));
    return seen.problem?.exitCode ?? 0;
  } finally {
    cancel.dispose();
  }
}
