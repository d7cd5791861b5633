import type { BackupEntry, BackupKind } from '../request/schema.ts';
import type { DatabaseTarget } from './database.ts';

/** A service of the Compose model, or of what runs. */
export interface DescribedService {
  readonly name: string;
  readonly image: string | undefined;
  /** Of the running container with that of its image where it runs, which counts more; else of the model. */
  readonly environment: Readonly<Record<string, string>>;
}

/** What of a target is known without its container. */
export type Wanted = Omit<DatabaseTarget, 'container' | 'imageId'>;

/** Finds the databases of one kind in what services say of themselves. Pure. */
export interface Finder {
  readonly kind: BackupKind;
  /**
   * Whether the service is such a server: `server` by what only a server has; `perhaps` by settings that a client may
   * have too, which only count where no service of the project is certainly one. Of a kind that `auto` never finds: `no`.
   */
  recognise(service: DescribedService): 'server' | 'perhaps' | 'no';
  /** The database that an entry of `backup:` means; `null`: the one that `auto` finds. The schema has checked the entry. */
  wanted(service: DescribedService, entry: BackupEntry | null): Wanted;
}

/** The last part of an image's name, without registry, tag and digest, and the whole name without tag and digest. */
export function namesOfImage(image: string): { readonly base: string; readonly whole: string } {
  const whole = image.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
  return { base: whole.slice(whole.lastIndexOf('/') + 1), whole };
}
