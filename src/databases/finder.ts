import type { BackupEntry, BackupKind } from '../request/schema.ts';
import type { DatabaseTarget } from './database.ts';

/** A service of the Compose model, or of what runs. */
export interface DescribedService {
  readonly name: string;
  readonly image: string | undefined;
  /** Of the running container with that of its image where it runs, which counts more; else of the model. */
  readonly environment: Readonly<Record<string, string>>;
  /** Absolute paths in the container that are in memory (tmpfs). */
  readonly inMemory: readonly string[];
  /** The command of the health check in the model, as one text; empty where there is none. */
  readonly healthcheck: string;
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
  /** The folder of the data in the container; absent for a kind that `auto` never finds. */
  dataFolder?(service: DescribedService): string;
  /** The database that an entry of `backup:` means; `null`: the one that `auto` finds. The schema has checked the entry. */
  wanted(service: DescribedService, entry: BackupEntry | null): Wanted;
}

/** Whether a health check asks its own container by a server's tool: one that names a host asks somebody else. */
export function asksItself({ healthcheck }: DescribedService, tool: RegExp): boolean {
  const elsewhere = /(?:^|\s)(?:-h|--host)[\s=]*(?!localhost|127\.|::1|\/)[\w$]/;
  return tool.test(healthcheck) && !elsewhere.test(healthcheck);
}

/** The last part of an image's name, without registry, tag and digest, and the whole name without tag and digest. */
export function namesOfImage(image: string): { readonly base: string; readonly whole: string } {
  const whole = image.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
  return { base: whole.slice(whole.lastIndexOf('/') + 1), whole };
}
