/** Lets the system's bubblewrap make user namespaces where AppArmor forbids them (Ubuntu 24.04 and later). */
export const apparmorProfile: string = `
    abi <abi/4.0>,
    include <tunables/global>
    profile bwrap /usr/bin/bwrap flags=(unconfined) {
      userns,
      include if exists <local/bwrap>
    }`;
