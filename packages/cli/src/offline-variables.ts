/**
 * For commands that no host is open to. Package managers take a name that cannot be looked up for a passing trouble: npm
 * tries three times in seventy seconds before it says so, and a model that tried waits as long.
 */
export const offlineVariables: Readonly<Record<string, string>> = {
  NPM_CONFIG_FETCH_RETRIES: "0",
  NPM_CONFIG_UPDATE_NOTIFIER: "false",
  PIP_RETRIES: "0",
  PIP_DISABLE_PIP_VERSION_CHECK: "1",
  CARGO_NET_RETRY: "0",
};
