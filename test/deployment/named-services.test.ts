import { describe, expect, it } from 'vitest';
import { unknownServices } from '../../src/deployment/named-services.ts';
import { request } from '../request/sources.ts';

const model = { name: 'shop', services: { web: {}, db: {} } };

describe('services that a request names', () => {
  it('are fine where the compose file has them', async () => {
    const door = {
      services: 'web',
      migrate: 'web: ./migrate',
      backup: '[{service: db, kind: postgres}]',
      smoke: '[{exec: {service: web, command: check}}, {database: db}, {http: "web:80/"}]',
    };
    expect(unknownServices(await request({ door }), model)).toBeNull();
  });

  it.each([
    ['services', { services: 'wbe' }, 'did you mean `web`?'],
    ['migrate', { migrate: 'wbe: ./migrate' }, 'did you mean `web`?'],
    [
      'backup',
      { backup: '[{service: postgres, kind: postgres}]' },
      '`postgres`, which the compose file does not have.',
    ],
    ['smoke', { smoke: '[{exec: {service: wbe, command: check}}]' }, 'did you mean `web`?'],
    ['smoke', { smoke: '[{database: dbb}]' }, 'did you mean `db`?'],
  ])('are refused where it has not, with the key `%s`', async (key, door, words) => {
    const refused = unknownServices(await request({ door }), model);
    expect(refused?.message).toContain(`\`${key}\` names the service`);
    expect(refused?.message).toContain(words);
    expect(refused).toMatchObject({ exitCode: 64, hint: expect.stringContaining('The services are: web, db.') });
  });
});
