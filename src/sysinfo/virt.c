#include "config.h"

#include "sysinfo/virt.h"

#include "base/cleanup.h"
#include "sysinfo/root-file.h"

#include <string.h>
#include <unistd.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

struct sign {
	const char *text;
	const char *word;
};

static const char *find_sign(const struct sign *list, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++)
		if (strstr(text, list[i].text))
			return list[i].word;
	return NULL;
}

/* What a container's manager calls itself. */
static const char *manager_word(const char *name)
{
	static const char *const words[] = {"openvz", "lxc-libvirt",	"lxc", "docker",
					    "podman", "systemd-nspawn", "rkt", "wsl",
					    "proot",  "pouch",		"oci", NULL};
	size_t len = strcspn(name, "\n");

	for (size_t i = 0; words[i]; i++)
		if (strlen(words[i]) == len && memcmp(words[i], name, len) == 0)
			return words[i];
	return len > 0 ? "container-other" : NULL;
}

/* Managers leave their name in these files, or at least a file of theirs. */
static const char *container_by_files(struct source *s, struct buf *scratch)
{
	static const char *const managers[] = {"run/host/container-manager",
					       "run/systemd/container"};
	static const struct sign marks[] = {{".dockerenv", "docker"},
					    {"run/.containerenv", "podman"}};
	struct root_file file;

	for (size_t i = 0; i < ARRAY_SIZE(managers); i++)
		if (root_file_read(s, managers[i], scratch) == 0 && *scratch->data)
			return manager_word(scratch->data);
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		if (root_file(s, marks[i].text, &file) == 0 &&
		    faccessat(file.dirfd, file.path, F_OK, 0) == 0)
			return marks[i].word;
	return NULL;
}

/* container=NAME in the environment of the first process, where we may see it. */
static const char *container_by_environment(struct source *s, struct buf *scratch)
{
	static const char name[] = "container=";

	if (source_read_proc(s, "1/environ", scratch) < 0)
		return NULL;
	for (const char *p = scratch->data; p < scratch->data + scratch->len;
	     p += strlen(p) + 1)
		if (strncmp(p, name, sizeof(name) - 1) == 0)
			return manager_word(p + sizeof(name) - 1);
	return NULL;
}

const char *virt_container(struct source *s, struct buf *scratch)
{
	static const struct sign groups[] = {
		{"/docker", "docker"},
		{"/libpod-", "podman"},
		{"/lxc", "lxc"},
		{"/kubepods", "container-other"},
		{"/machine.slice/machine-", "systemd-nspawn"},
	};
	static const struct sign kernels[] = {{"Microsoft", "wsl"}, {"WSL", "wsl"}};
	const char *word = container_by_files(s, scratch);

	if (!word)
		word = container_by_environment(s, scratch);
	/* In a cgroup namespace of its own this says nothing. */
	if (!word && source_read_proc(s, "1/cgroup", scratch) == 0)
		word = find_sign(groups, ARRAY_SIZE(groups), scratch->data);
	if (!word && source_read_proc_whole(s, "sys/kernel/osrelease", scratch) == 0)
		word = find_sign(kernels, ARRAY_SIZE(kernels), scratch->data);
	return word ? word : "none";
}

enum cpu_says { CPU_UNKNOWN, CPU_BARE, CPU_GUEST };

/* The processor itself knows, where it is of this kind. */
static enum cpu_says ask_cpu(const char **ret_word)
{
#if defined(__x86_64__) || defined(__i386__)
	static const struct sign vendors[] = {
		{"KVMKVMKVM", "kvm"},	      {"Linux KVM Hv", "kvm"},
		{"TCGTCGTCGTCG", "qemu"},     {"Microsoft Hv", "microsoft"},
		{"VMwareVMware", "vmware"},   {"XenVMMXenVMM", "xen"},
		{"bhyve bhyve ", "bhyve"},    {"VBoxVBoxVBox", "oracle"},
		{" lrpepyh vr", "parallels"}, {"prl hyperv", "parallels"},
		{"ACRNACRNACRN", "acrn"},     {"QNXQVMBSQG", "qnx"},
		{"SRESRESRESRE", "sre"},      {"Apple VZ", "apple"},
	};
	enum { FEATURES = 1, HYPERVISOR_BIT = 31, HYPERVISOR = 0x40000000 };
	unsigned a;
	unsigned b;
	unsigned c;
	unsigned d;
	char vendor[13] = "";

	if (!__get_cpuid(FEATURES, &a, &b, &c, &d))
		return CPU_UNKNOWN;
	if (!(c >> HYPERVISOR_BIT & 1))
		return CPU_BARE;
	/* Not __get_cpuid(): this leaf is beyond the highest one that it knows of. */
	__cpuid(HYPERVISOR, a, b, c, d);
	memcpy(vendor, &b, 4);
	memcpy(vendor + 4, &c, 4);
	memcpy(vendor + 8, &d, 4);
	*ret_word = find_sign(vendors, ARRAY_SIZE(vendors), vendor);
	return CPU_GUEST;
#else
	*ret_word = NULL;
	return CPU_UNKNOWN;
#endif
}

/* What the firmware says of who made the machine. */
static const char *ask_firmware(struct source *s, struct buf *scratch, bool *ret_known)
{
	static const char *const files[] = {
		"class/dmi/id/product_name",
		"class/dmi/id/sys_vendor",
		"class/dmi/id/board_vendor",
		"class/dmi/id/bios_vendor",
		"hypervisor/type",
		"firmware/devicetree/base/hypervisor/compatible",
	};
	static const struct sign makers[] = {
		{"Amazon EC2", "amazon"},
		{"Google Compute Engine", "google"},
		{"VirtualBox", "oracle"},
		{"innotek GmbH", "oracle"},
		{"Parallels", "parallels"},
		{"Xen", "xen"},
		{"xen", "xen"},
		{"VMware", "vmware"},
		{"VMW", "vmware"},
		{"vmware", "vmware"},
		{"KubeVirt", "kvm"},
		{"OpenStack", "kvm"},
		{"KVM", "kvm"},
		{"kvm", "kvm"},
		{"QEMU", "qemu"},
		{"Bochs", "bochs"},
		{"BHYVE", "bhyve"},
		{"Hyper-V", "microsoft"},
		{"Apple Virtualization", "apple"},
	};

	*ret_known = false;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		const char *word;

		if (source_read_sys(s, files[i], scratch) < 0)
			continue;
		*ret_known = true;
		word = find_sign(makers, ARRAY_SIZE(makers), scratch->data);
		if (word)
			return word;
	}
	return NULL;
}

/* On top of KVM or Xen, whose word the processor says, these have names of their own. */
static bool is_special(const char *word)
{
	return strcmp(word, "amazon") == 0 || strcmp(word, "google") == 0 ||
	       strcmp(word, "oracle") == 0 || strcmp(word, "parallels") == 0;
}

const char *virt_machine(struct source *s, struct buf *scratch)
{
	const char *by_cpu = NULL;
	enum cpu_says cpu = s->other_sys ? CPU_UNKNOWN : ask_cpu(&by_cpu);
	bool known;

	if (cpu == CPU_BARE)
		return "none";

	const char *by_firmware = ask_firmware(s, scratch, &known);

	if (by_firmware && (!by_cpu || is_special(by_firmware)))
		return by_firmware;
	if (by_cpu)
		return by_cpu;
	if (cpu == CPU_GUEST)
		return "vm-other";
	return known ? "none" : NULL;
}
