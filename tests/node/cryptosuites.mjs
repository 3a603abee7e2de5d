/*
 * Every way of signing that the libraries here know: how a key of it is made, and its suites.
 */
import * as EcdsaMultikey from '@digitalbazaar/ecdsa-multikey';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import * as ecdsaJcs2019 from '@digitalbazaar/ecdsa-jcs-2019-cryptosuite';
import * as eddsaJcs2022 from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {Ed25519Signature2020} from '@digitalbazaar/ed25519-signature-2020';
import {Ed25519VerificationKey2020} from '@digitalbazaar/ed25519-verification-key-2020';
import {cryptosuite as ecdsaRdfc2019} from '@digitalbazaar/ecdsa-rdfc-2019-cryptosuite';
import {cryptosuite as eddsaRdfc2022} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';

const ed25519 = () => Ed25519Multikey.generate();
const p256 = () => EcdsaMultikey.generate({curve: 'P-256'});
const p384 = () => EcdsaMultikey.generate({curve: 'P-384'});

const dataIntegrity = cryptosuite => signer => new DataIntegrityProof({signer, cryptosuite});

const MECHANISMS = {
  'eddsa-rdfc-2022': [ed25519, dataIntegrity(eddsaRdfc2022)],
  'eddsa-jcs-2022': [ed25519, dataIntegrity(eddsaJcs2022.createSignCryptosuite())],
  'ecdsa-rdfc-2019-p256': [p256, dataIntegrity(ecdsaRdfc2019)],
  'ecdsa-rdfc-2019-p384': [p384, dataIntegrity(ecdsaRdfc2019)],
  'ecdsa-jcs-2019-p256': [p256, dataIntegrity(ecdsaJcs2019.createSignCryptosuite())],
  'ecdsa-jcs-2019-p384': [p384, dataIntegrity(ecdsaJcs2019.createSignCryptosuite())],
  Ed25519Signature2020: [
    () => Ed25519VerificationKey2020.generate(),
    signer => new Ed25519Signature2020({signer})
  ]
};

/** Multibase headers of did:key, and what reads a key behind each. */
export const KEY_TYPES = {
  z6Mk: Ed25519Multikey.from,
  zDna: EcdsaMultikey.from,
  z82L: EcdsaMultikey.from
};

/** Return {did, suite} of a new key that signs by a mechanism. */
export async function makeSigner(mechanism) {
  const [generate, makeSuite] = MECHANISMS[mechanism];
  const key = await generate();
  const {publicKeyMultibase} = await key.export({publicKey: true});
  const did = `did:key:${publicKeyMultibase}`;
  key.controller = did;
  key.id = `${did}#${publicKeyMultibase}`;
  return {did, suite: makeSuite(key.signer())};
}

/** Return a suite for each kind of proof, to verify with. */
export function verifyingSuites() {
  return [
    new Ed25519Signature2020(),
    ...[
      eddsaRdfc2022, eddsaJcs2022.createVerifyCryptosuite(),
      ecdsaRdfc2019, ecdsaJcs2019.createVerifyCryptosuite()
    ].map(cryptosuite => new DataIntegrityProof({cryptosuite}))
  ];
}
