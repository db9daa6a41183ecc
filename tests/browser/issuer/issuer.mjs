// An OpenID Connect issuer for tests: node issuer.mjs PORT PAGE KEY. PAGE: the web client's address, its only redirect.
// KEY: the file of its private key, made if there is none. Any name signs in, without a password. Prints a line once it
// answers.
//
// POST /-/life/SECONDS   the life of the access tokens issued from now on
// POST /-/revoke/USER    grants this user nothing any more
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import Provider from '../../../frontend/node_modules/oidc-provider/lib/index.js';

const AUDIENCE = 'urn:parley:test';
const [port, page, keyFile] = process.argv.slice(2);
const revoked = new Set();
let lifeSeconds = 300;

if (!existsSync(keyFile)) {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(keyFile, JSON.stringify(privateKey.export({ format: 'jwk' })));
}
const key = { ...JSON.parse(readFileSync(keyFile, 'utf8')), kid: 'test', alg: 'RS256', use: 'sig' };

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: 'parley-web',
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      redirect_uris: [page],
      post_logout_redirect_uris: [page],
    },
  ],
  jwks: { keys: [key] },
  cookies: { keys: ['test'] },
  clientBasedCORS: (_, origin) => origin === new URL(page).origin,
  findAccount: (_, id) => (revoked.has(id) ? undefined : { accountId: id, claims: () => ({ sub: id }) }),
  interactions: { url: (_, { uid }) => `/interaction/${uid}` },
  issueRefreshToken: () => true,
  loadExistingGrant: async ({ oidc }) => {
    const grant = new provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
    grant.addOIDCScope('openid');
    grant.addResourceScope(AUDIENCE, '');
    await grant.save();
    return grant;
  },
  features: {
    devInteractions: { enabled: false },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => AUDIENCE,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: '',
        audience: AUDIENCE,
        accessTokenFormat: 'jwt',
        accessTokenTTL: lifeSeconds,
        jwt: { sign: { alg: 'RS256' } },
      }),
    },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (ctx, form) => {
        ctx.body = html(`${form}<button form="op.logoutForm" name="logout" value="yes">Confirm</button>`);
      },
    },
  },
});

const html = (body) => `<!doctype html><html lang="en"><title>Issuer</title><main>${body}</main></html>`;
const form = html(`<form method="post">
  <label>Name <input name="user"></label>
  <button name="action" value="allow">Allow</button><button name="action" value="deny">Deny</button>
</form>`);

async function interact(request, response) {
  if (request.method === 'GET') {
    response.setHeader('Content-Type', 'text/html').end(form);
    return;
  }
  const fields = new URLSearchParams(await text(request));
  const result =
    fields.get('action') === 'allow' ? { login: { accountId: fields.get('user') } } : { error: 'access_denied' };
  await provider.interactionFinished(request, response, result);
}

const callback = provider.callback();
const server = createServer((request, response) => {
  const [, first, command, value] = request.url.split('/');
  if (first === 'interaction') void interact(request, response);
  else if (first === '-') {
    if (command === 'life') lifeSeconds = Number(value);
    if (command === 'revoke') revoked.add(decodeURIComponent(value));
    response.end();
  } else callback(request, response);
});
server.listen(Number(port), '127.0.0.1', () => console.log('ready'));
