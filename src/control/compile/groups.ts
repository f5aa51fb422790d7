/** API groups and the few names that compile treats specially. */

export const GATEWAY_GROUP = 'gateway.networking.k8s.io';
export const TULLE_GROUP = 'tulle.dev';
export const ISTIO_GROUP = 'extensions.istio.io';
export const DISCOVERY_GROUP = 'discovery.k8s.io';
export const CORE_GROUP = '';

/** A Gateway of this class is ours even where no GatewayClass is written. */
export const CLASS_NAME = 'tulle';
/** A GatewayClass with this controllerName is ours whatever it is called. */
export const CONTROLLER_NAME = 'tulle.dev/gateway-controller';
