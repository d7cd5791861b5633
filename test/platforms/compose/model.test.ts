import { describe, expect, it } from 'vitest';
import { composeModelSchema, replicasOf, withDependencies } from '../../../src/platforms/compose/model.ts';
import { modelOf } from './support.ts';

describe('the compose model', () => {
  it('keeps all that Homeport knows nothing of', () => {
    const printed = {
      name: 'shop',
      'x-mine': { a: 1 },
      services: { web: { image: 'web', sysctls: { a: '1' }, healthcheck: { test: ['CMD', 'x'], interval: '5s' } } },
      volumes: { data: { driver: 'local' } },
      networks: { default: { name: 'shop_default' } },
    };
    expect(composeModelSchema.parse(printed)).toEqual(printed);
  });

  it.each([
    [{}, 1],
    [{ scale: 3 }, 3],
    [{ scale: 0 }, 0],
    [{ deploy: { replicas: 2 } }, 2],
    [{ deploy: null }, 1],
    [{ scale: 4, deploy: { replicas: 2 } }, 4],
  ])('of a service with %o asks for %i containers', (service, replicas) => {
    expect(replicasOf(service)).toBe(replicas);
  });

  const model = modelOf({
    web: { depends_on: { api: {}, cache: { required: false } } },
    api: { depends_on: { db: {} } },
    db: {},
    worker: { depends_on: { db: {}, gone: { required: false } } },
    cache: { depends_on: { web: {} } },
  });
  it.each([
    [[], ['api', 'cache', 'db', 'web', 'worker']],
    [['db'], ['db']],
    [['worker'], ['db', 'worker']],
    [['web'], ['api', 'cache', 'db', 'web']],
    [['nobody'], []],
  ])('asked for %j means %j', (named, services) => {
    expect(withDependencies(model, named)).toEqual(services);
  });
});
