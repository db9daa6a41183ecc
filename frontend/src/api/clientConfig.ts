import { apiClient } from './apiClient';

/** How users sign in at the gateway's identity provider. */
export interface OidcConfig {
  issuer: string;
  clientId: string;
  scope: string;
  /** The claim of access tokens that holds the user id. */
  userClaim: string;
}

export interface ClientConfig {
  /** `dev`: the gateway trusts any user id. */
  auth: 'dev' | 'jwt';
  /** Null if the gateway's users cannot sign in here. */
  oidc: OidcConfig | null;
  /** Seconds to add to this device's clock to get the gateway's. */
  clockSkew: number;
}

export async function fetchClientConfig(): Promise<ClientConfig> {
  const { data, headers } = await apiClient.get<Omit<ClientConfig, 'clockSkew'>>('/client-config.json');
  const serverTime = Date.parse(String(headers['date']));
  const clockSkew = Number.isNaN(serverTime) ? 0 : Math.round((serverTime - Date.now()) / 1_000);
  return { ...data, clockSkew };
}
