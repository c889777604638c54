import assert from 'node:assert/strict';
import { test } from 'node:test';
import { routes } from '../index.ts';
import { actionOf } from './action.ts';

test('the name of an action is made of path and method', () => {
  const name = (method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', url: string) =>
    actionOf({ method, url });
  assert.equal(name('POST', '/api/tenants/:tenant/targets'), 'targets.create');
  assert.equal(name('DELETE', '/api/tenants/:tenant/targets/:id'), 'targets.delete');
  assert.equal(name('POST', '/api/tenants/:tenant/targets/:id/verify'), 'targets.verify');
  assert.equal(name('PUT', '/api/session/password'), 'session.password.set');
  assert.equal(name('PATCH', '/api/tenants/:tenant'), 'tenant.update');
  assert.equal(name('GET', '/api/tenants/:tenant/findings/:id'), 'findings.read');
});

test('every route has a name, and no two changes share one', () => {
  const names = routes.map(actionOf);
  for (const name of names) assert.match(name, /^[a-z][a-z-]*(\.[a-z][a-z-]*)+$/);
  const changes = routes.filter(route => route.method !== 'GET').map(actionOf);
  assert.deepEqual(
    changes.filter((name, index) => changes.indexOf(name) !== index),
    [],
  );
});
