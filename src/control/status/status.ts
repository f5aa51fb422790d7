/**
 * What became of each resource, in the shape the Gateway API gives to `status`: conditions for the
 * whole, per listener of a Gateway, and per parent of a route (per target of a policy). The admin
 * page `/config` shows it, `tulle check` sums it up, a Kubernetes writer can copy it.
 */

/** Which sentence a condition answers. All but Conflicted and PartiallyInvalid are good when True. */
export type ConditionType =
  | 'Accepted'
  | 'ResolvedRefs'
  | 'Programmed'
  | 'PartiallyInvalid'
  | 'Conflicted';

/** The Gateway API's reasons, and three of ours: FilterNotFound, NotServed, ModuleNotFound. */
export type Reason =
  | 'Accepted'
  | 'AddressNotUsable'
  | 'BackendNotFound'
  | 'Conflicted'
  | 'FilterNotFound'
  | 'HostnameConflict'
  | 'Invalid'
  | 'InvalidKind'
  | 'InvalidRouteKinds'
  | 'ListenersNotValid'
  | 'ModuleNotFound'
  | 'NoConflicts'
  | 'NoMatchingListenerHostname'
  | 'NoMatchingParent'
  | 'NotAllowedByListeners'
  | 'NotServed'
  | 'PortUnavailable'
  | 'Programmed'
  | 'ProtocolConflict'
  | 'RefNotPermitted'
  | 'ResolvedRefs'
  | 'TargetNotFound'
  | 'UnsupportedAddress'
  | 'UnsupportedProtocol'
  | 'UnsupportedValue';

export interface Condition {
  readonly type: ConditionType;
  readonly status: 'True' | 'False';
  readonly reason: Reason;
  /** A sentence; '' where the reason says it all. */
  readonly message: string;
}

export interface ResourceStatus {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** `metadata.generation` of the object that was compiled; 0 where it has none. */
  readonly observedGeneration: number;
  /** Empty for a route that has parents: its conditions stand there. */
  readonly conditions: readonly Condition[];
  /** Of a Gateway, in its order. */
  readonly listeners: readonly ListenerStatus[];
  /** Of a route its parents, of a policy or a WasmPlugin its targets, in the author's order. */
  readonly parents: readonly ParentStatus[];
}

export interface ListenerStatus {
  readonly name: string;
  readonly supportedKinds: readonly { readonly group: string; readonly kind: string }[];
  /** Accepted routes that name the listener, whether it is served or not. */
  readonly attachedRoutes: number;
  readonly conditions: readonly Condition[];
}

export interface ParentStatus {
  readonly ref: ParentReference;
  readonly conditions: readonly Condition[];
}

/** `sectionName` '' and `port` 0: not given. */
export interface ParentReference {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly sectionName: string;
  readonly port: number;
}
