// AWS's Face Liveness component, unchanged, in one file for pages that are made without a build step.
import { FaceLivenessDetectorCore } from '@aws-amplify/ui-react-liveness';
import { createElement } from 'react';
import { createRoot } from 'react-dom/client';

/**
 * Shows the component in an element of the page, and returns a function that removes it.
 *
 * endpoint: where Regard serves by TLS, https://HOST:PORT; assets: the folder that this file comes from, with `/` at its end;
 * credentials: an async function that gives {accessKeyId, secretAccessKey, sessionToken, expiration} of the session;
 * all else as FaceLivenessDetectorCore has it.
 */
export function showFaceLiveness(element, { endpoint, assets, credentials, config, ...props }) {
  const root = createRoot(element);
  const places = {
    endpointOverride: endpoint,
    binaryPath: assets,
    faceModelUrl: `${assets}facemesh-detection-short.json`,
    credentialProvider: credentials,
  };
  root.render(createElement(FaceLivenessDetectorCore, { region: 'us-east-1', ...props, config: { ...places, ...config } }));
  return () => root.unmount();
}
