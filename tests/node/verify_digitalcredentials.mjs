/*
 * Verifies with @digitalcredentials/verifier-core:
 * {id, verified, statuses: [{purpose, status}], schemas: [{schema, valid, errors}], error, log}.
 *
 * The library gives no verdict, only a log of steps. `verified` says here what `verified` says
 * of the other verifier: signature, validity period and lists are in order, whatever the bits.
 * It brings its own contexts; schemas it fetches.
 */
import {verifyCredential} from '@digitalcredentials/verifier-core';
import {describe, run} from './task.mjs';

const AUTHENTIC = ['valid_signature', 'expiration'];
const STATUS = /^(?<purpose>.+)_status$/;

function statusesOf(log) {
  return log.filter(({id, error}) => STATUS.test(id) && !error).map(({id, valid}) =>
    ({purpose: STATUS.exec(id).groups.purpose, status: !valid}));
}

function schemasOf(additionalInformation) {
  const results = additionalInformation.flatMap(({results}) => results);
  return results.map(result => typeof result === 'string' ?
    {schema: null, valid: false, errors: [result]} :
    {schema: result.schema, valid: result.result.valid, errors: result.result.errors ?? []});
}

function failuresOf({errors = [], error, log}) {
  const missed = AUTHENTIC.filter(step => !log.some(({id, valid}) => id === step && valid));
  return [
    ...errors, error, ...log.map(step => step.error), ...missed.map(step => ({name: step,
      message: 'this step did not pass'}))
  ].filter(Boolean);
}

await run(() => async credential => {
  const {log = [], additionalInformation = [], ...answer} =
    await verifyCredential({credential, knownDIDRegistries: []});
  const failures = failuresOf({...answer, log});
  return {
    verified: failures.length === 0,
    statuses: statusesOf(log),
    schemas: schemasOf(additionalInformation),
    error: failures.map(describe).join('; ') || null,
    log
  };
});
