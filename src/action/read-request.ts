import { setSecret } from '@actions/core';
import type { Redactor } from '../hosts/redactor.ts';
import { parseRequest } from '../request/parse-request.ts';
import { inputVariable, readInputs } from '../request/read-inputs.ts';
import { type Request, requestKeys } from '../request/schema.ts';
import { secretValues } from '../request/secret-values.ts';
import { textOrNull } from '../request/text-or-null.ts';

/**
 * The request of the step's inputs. They leave the environment, so that no child inherits a secret; the runner masks what
 * we take for one. Throws `InvalidRequestError` with all that is wrong.
 */
export async function readRequest(
  environment: Record<string, string | undefined>,
  redactor: Redactor,
): Promise<Request> {
  const door = readInputs(environment);
  for (const key of requestKeys) delete environment[inputVariable(key)];
  const request = await parseRequest({ door, doorName: 'input', environment, readText: textOrNull });
  for (const secret of secretValues(request)) redactor.add(secret);
  for (const form of redactor.forms) setSecret(form);
  return request;
}
