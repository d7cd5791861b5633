import type { BackupRecord } from '../databases/database.ts';
import { encryptBackup, tidyEncrypted } from '../databases/encryption.ts';
import { listBackups } from '../databases/record.ts';
import { messageOf } from '../deployment/error.ts';
import type { Recovery } from '../deployment/journal-entry.ts';
import type { StageContext } from '../deployment/stage.ts';

/**
 * Encrypts the project's backups that are still plain, also those of earlier deployments, but for the files that are
 * `needed` as they are. Again and again is fine. Throws `HomeportError` where one of this deployment stays plain.
 */
export async function encryptBackups(
  context: StageContext,
  recovery: Recovery,
  needed: readonly string[],
): Promise<void> {
  const { facts, host, places } = context;
  await tidyEncrypted(host, places.backups);
  if (facts.encryptTo.length === 0) return;
  const plain = (await listBackups(host, places.backups)).filter(
    (one) => one.project === facts.project && one.encryption === undefined && !needed.includes(one.file),
  );
  for (const record of plain) {
    try {
      await context.change('encrypt', recovery, () => encrypt(context, record, recovery));
    } catch (error) {
      if (facts.backups.some(({ file }) => file === record.file)) throw error;
      context.warn(messageOf(error));
    }
  }
}

async function encrypt(context: StageContext, record: BackupRecord, recovery: Recovery): Promise<void> {
  const { facts, host, say } = context;
  // Once a release is good, a cancellation comes too late.
  const signal = recovery === 'forward' ? new AbortController().signal : context.signal;
  const encrypted = await encryptBackup(host, record, facts.encryptTo, signal);
  facts.backups = facts.backups.map((one) => (one.file === record.file ? encrypted : one));
  const { restored } = facts.details;
  if (Array.isArray(restored)) {
    const now = restored.map((file) => (file === record.file ? encrypted.file : file));
    facts.details = { ...facts.details, restored: now };
  }
  say(
    `${encrypted.file}: encrypted to ${facts.encryptTo.length === 1 ? 'one recipient' : `${facts.encryptTo.length} recipients`}`,
  );
}
