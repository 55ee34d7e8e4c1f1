/*
 * Whether we run in a container, and in a virtual machine: the words of
 * systemd-detect-virt(1), which are literals. "none" is a finding; NULL is unknown.
 */
#ifndef SYSINFO_VIRT_H
#define SYSINFO_VIRT_H

#include "base/buf.h"
#include "sysinfo/source.h"

/* docker, podman, lxc, systemd-nspawn..., "container-other" or "none". */
const char *virt_container(struct source *s, struct buf *scratch);

/* kvm, qemu, vmware, xen, microsoft..., "vm-other" or "none". */
const char *virt_machine(struct source *s, struct buf *scratch);

#endif
