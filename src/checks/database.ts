import { HomeportError, messageOf } from '../deployment/error.ts';
import type { DatabaseCheck } from '../request/schema.ts';
import { type Attempt, failed, firstBytes, noSuchService, passed, servicesOf, wrong } from './attempt.ts';
import type { CheckContext } from './check.ts';

/** A real query through the service's own client. */
export async function tryDatabase(check: DatabaseCheck, context: CheckContext): Promise<Attempt> {
  const found = context.databaseOf(check.database);
  if (found === null) {
    const services = servicesOf(context);
    return wrong(
      services.includes(check.database)
        ? `no database that Homeport knows was found in the service \`${check.database}\`; tell its kind in \`backup\`, or use an \`exec\` check with its client`
        : noSuchService(check.database, services),
    );
  }
  const { host, signal, say } = context;
  try {
    await found.kind.query(found.target, { host, signal, say, timeout: check.timeout });
    return passed;
  } catch (error) {
    const excerpt = error instanceof HomeportError && error.excerpt !== undefined ? `\n${error.excerpt}` : '';
    return failed(firstBytes(messageOf(error) + excerpt));
  }
}
