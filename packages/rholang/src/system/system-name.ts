import { bundleTerm, bytesTerm, unforgeableTerm } from '../term/build.ts';
import type { Term } from '../term/term.ts';
import { deployerTerm } from './deployer.ts';
import type { DeployData } from './system-process.ts';

const MARK = 'system:';

/** The unforgeable name on which a system process listens. */
export function systemChannel(uri: string): Term {
  return unforgeableTerm(MARK + uri);
}

/** The URI of the system process that listens on a name; `undefined` for other names. */
export function systemUri(name: Term | undefined): string | undefined {
  return name?.kind === 'unforgeable' && name.id.startsWith(MARK) ? name.id.slice(MARK.length) : undefined;
}

/**
 * The name that `new` binds for a URI of the system: that of a system process, which can only be sent on, or of the deploy and its owner.
 *
 * @param isProcess - tells whether a system process has this URI.
 * @returns nothing for other URIs, whose names are fresh.
 */
export function systemName(uri: string, isProcess: (uri: string) => boolean, deploy: DeployData): Term | undefined {
  if (isProcess(uri)) return bundleTerm(false, true, systemChannel(uri));
  switch (uri) {
    case 'rho:rchain:deployerId':
    case 'rho:system:deployerId':
      return deployerTerm(deploy.deployer);
    case 'rho:rchain:deployId':
    case 'rho:system:deployId':
      return bytesTerm(deploy.id);
    default:
      return undefined;
  }
}
