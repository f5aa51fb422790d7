/**
 * Old versions of a kind, lifted to its newest: the one place that knows them. Most versions of the
 * Gateway API differ in name only.
 */

import { apiVersionOf, type Kind } from '../schema/kinds.ts';
import { isRecord } from '../schema/schema.ts';

type Body = Readonly<Record<string, unknown>>;

/** `body` as the newest version of its kind has it; the argument stays as it is. */
export function toNewest(kind: Kind, version: string, body: Body): Record<string, unknown> {
  const lifted = { ...body };
  if (version === kind.versions[0]) return lifted;
  lifted['apiVersion'] = apiVersionOf(kind);
  if (kind.name === 'BackendTLSPolicy' && version === 'v1alpha2' && isRecord(body['spec'])) {
    lifted['spec'] = backendTlsSpec(body['spec']);
  }
  return lifted;
}

/** v1alpha2 had one `targetRef`, and `tls` with shorter names where `validation` is now. */
function backendTlsSpec(spec: Body): Body {
  const { targetRef, tls, ...rest } = spec;
  const lifted: Record<string, unknown> = { ...rest };
  if (targetRef !== undefined) lifted['targetRefs'] = [targetRef];
  if (isRecord(tls)) {
    const { caCertRefs, wellKnownCACerts, ...validation } = tls;
    if (caCertRefs !== undefined) validation['caCertificateRefs'] = caCertRefs;
    if (wellKnownCACerts !== undefined) validation['wellKnownCACertificates'] = wellKnownCACerts;
    lifted['validation'] = validation;
  } else if (tls !== undefined) {
    lifted['validation'] = tls;
  }
  return lifted;
}
