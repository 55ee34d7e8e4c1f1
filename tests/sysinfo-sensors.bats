#!/usr/bin/env bats
# prockit sysinfo temperatures, fans and battery: trees as drivers make them.
# shellcheck disable=SC2016,SC2154 # the dollars are jq's; run sets variables

bats_require_minimum_version 1.5.0
load lib/common
load lib/children
load lib/record

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
	mkdir -p proc sys/class/{hwmon,thermal,power_supply}
}

teardown()
{
	end_leftovers
}

# read_topic OPTION...: from the tree sys, into r.
read_topic()
{
	prockit sysinfo --json --proc="$PWD/proc" --sys="$PWD/sys" "$@" >r
}

# files FOLDER NAME=TEXT...: make these files below sys/class.
files()
{
	local folder=sys/class/$1 file
	shift
	mkdir -p "$folder"
	for file; do
		printf '%s\n' "${file#*=}" >"$folder/${file%%=*}"
	done
}

# A processor with ten cores (no label on one), and two disks of one name.
make_chips()
{
	local i
	files hwmon/hwmon0 name=coretemp temp1_input=45000 temp1_max=80000 temp1_crit=100000 \
		'temp1_label=Package id 0' fan1_input=0
	for i in {2..10}; do
		files hwmon/hwmon0 "temp${i}_input=${i}0500" "temp${i}_label=Core $((i - 2))"
	done
	mkdir -p sys/devices/platform/coretemp.0 sys/devices/nvme0 sys/devices/nvme1 sys/bus/platform sys/class/nvme
	ln -s ../../bus/platform sys/devices/platform/subsystem
	ln -s ../../../bus/platform sys/devices/platform/coretemp.0/subsystem
	ln -s ../../../devices/platform/coretemp.0 sys/class/hwmon/hwmon0/device
	for i in 0 1; do
		files hwmon/hwmon$((i + 9)) name=nvme "temp1_input=3${i}850" temp1_label=Composite
		ln -s ../../class/nvme "sys/devices/nvme$i/subsystem"
		ln -s "../../../devices/nvme$i" "sys/class/hwmon/hwmon$((i + 9))/device"
	done
}

@test "temperatures: chips and sensors in the order of their numbers, in degrees" {
	make_chips
	read_topic temperatures
	says r '.temperatures | length == 12'
	says r '.temperatures[0] == {name: "coretemp", label: "Package id 0", current: 45, high: 80, critical: 100}'
	says r '[.temperatures[1:10][].label] == [range(9) | "Core \(.)"]'
	says r '.temperatures[1] | .current == 20.5 and .high == null and .critical == null and
		.unavailable == {high: "unsupported", critical: "unsupported"}'
	says r '[.temperatures[10:][].current] == [30.85, 31.85]'
}

@test "temperatures: two chips of one name are told apart, as node_exporter does" {
	make_chips
	read_topic temperatures -O
	says r '[.temperatures[] | [.chip, .sensor]] | unique | length == 12'
	says r '[.temperatures[0, 9, 11] | [.chip, .sensor]] == [["platform_coretemp_0", "temp1"],
		["platform_coretemp_0", "temp10"], ["nvme_nvme1", "temp1"]]'
	run -0 prockit sysinfo --openmetrics --sys="$PWD/sys" temperatures fans
	[[ $output == *'node_hwmon_temp_celsius{chip="nvme_nvme1",sensor="temp1"} 31.85'$'\n'* ]]
	[[ $output == *'node_hwmon_fan_rpm{chip="platform_coretemp_0",sensor="fan1"} 0'$'\n'* ]]
}

@test "temperatures: a sensor that cannot be read is null, and the others are there" {
	files hwmon/hwmon0 name=asus temp1_input= temp2_input=nonsense temp3_input=42000 temp4_input=-274000 \
		temp5_label='no input' temp6_max=1000 temp7_input=-5500
	rm sys/class/hwmon/hwmon0/temp1_input
	mkdir sys/class/hwmon/hwmon0/temp1_input # reading a folder is EISDIR
	files hwmon/hwmon1 temp1_input=20000
	read_topic temperatures -O
	says r '[.temperatures[] | [.name, .sensor, .current]] == [["asus", "temp1", null], ["asus", "temp2", null],
		["asus", "temp3", 42], ["asus", "temp4", null], ["asus", "temp7", -5.5], [null, "temp1", 20]]'
	says r '.temperatures[5].chip == "hwmon1"'
}

@test "temperatures: denied is not unsupported" {
	((EUID == 0)) || skip 'only root can become another user'
	for_everyone
	files hwmon/hwmon0 name=k10temp temp1_input=42000 temp2_input=43000
	chmod 000 sys/class/hwmon/hwmon0/temp1_input
	cp -r sys "$everyone"
	as_user 12345 env PROCKIT_EXEC_PATH="$everyone" \
		"$everyone/prockit" sysinfo temperatures --sys="$everyone/sys" --json >r 2>error || local ended=$?
	no_more_everyone
	((${ended:-0} == 0))
	says r '.temperatures[0].unavailable.current == "permission" and .temperatures[1].current == 43'
}

@test "temperatures: old drivers have all of it in the folder of the device" {
	files hwmon/hwmon0/device name=w83627hf temp1_input=33000 fan2_input=1200 fan2_label=rear
	files hwmon/hwmon1 name=half
	files hwmon/hwmon1/device temp1_input=34000
	read_topic temperatures fans
	says r '[.temperatures[] | [.name, .current]] == [["w83627hf", 33], ["half", 34]]'
	says r '.fans == [{name: "w83627hf", label: "rear", current: 1200}]'
}

@test "temperatures: thermal zones where there is no chip" {
	files thermal/thermal_zone0 temp=55500 type=x86_pkg_temp trip_point_0_type=critical trip_point_0_temp=105000 \
		trip_point_1_type=passive trip_point_1_temp=90000 trip_point_2_type=hot trip_point_2_temp=95000
	files thermal/thermal_zone10 temp=1000 type=acpitz trip_point_0_type=critical trip_point_0_temp=-274000
	files thermal/thermal_zone2 type=iwlwifi
	files thermal/cooling_device0 type=Fan
	read_topic temperatures -O
	says r '[.temperatures[] | [.name, .label, .current, .high, .critical, .chip, .sensor]] ==
		[["x86_pkg_temp", null, 55.5, 95, 105, "thermal_zone0", "temp"],
		["iwlwifi", null, null, null, null, "thermal_zone2", "temp"],
		["acpitz", null, 1, null, null, "thermal_zone10", "temp"]]'
	files hwmon/hwmon0 name=coretemp temp1_input=45000
	read_topic temperatures
	says r '[.temperatures[].name] == ["coretemp"]'
}

@test "sensors: a machine without any has empty lists" {
	read_topic temperatures fans battery
	says r 'del(.time) == {temperatures: [], fans: [], battery: []}'
	rm -r sys/class
	read_topic temperatures fans battery
	says r 'del(.time) == {temperatures: [], fans: [], battery: []}'
}

@test "fans: by number, and one that stands still is 0" {
	files hwmon/hwmon3 name=thinkpad fan1_input=2004 fan2_input=0 fan10_input=7 fan1_max=9 pwm1=3 fan2_label=
	read_topic fans
	says r '[.fans[] | [.name, .label, .current]] == [["thinkpad", null, 2004], ["thinkpad", null, 0], ["thinkpad", null, 7]]'
	says r '[.fans[].unavailable.label] == ["unsupported", "unsupported", "unsupported"]'
}

@test "fans: cut short anywhere, still a number or null" {
	local i
	files hwmon/hwmon0 name=a fan1_input=1234
	for ((i = 0; i <= 5; i++)); do
		printf '1234\n' | head -c "$i" >sys/class/hwmon/hwmon0/fan1_input
		read_topic fans
		says r '.fans[0].current | IN(null, 1, 12, 123, 1234)'
	done
}

# is_battery JQ: the first battery is this: [percent, secsleft, power_plugged, status].
is_battery()
{
	read_topic battery
	says r ".battery[0] | [.percent, .secsleft, .power_plugged, .status] == $1"
}

@test "battery: by energy and power" {
	files power_supply/BAT0 type=Battery status=Discharging energy_now=30000000 energy_full=60000000 \
		energy_full_design=70000000 power_now=15000000 capacity=49
	is_battery '[50, 7200, false, "discharging"]'
	# Negative while discharging, with some drivers.
	files power_supply/BAT0 power_now=-15000000
	is_battery '[50, 7200, false, "discharging"]'
	files power_supply/BAT0 power_now=0
	is_battery '[50, null, false, "discharging"]'
	files power_supply/BAT0 energy_now=61000000
	is_battery '[100, null, false, "discharging"]'
}

@test "battery: by charge and current, and over the voltage" {
	files power_supply/BAT0 type=Battery status=Discharging charge_now=2000000 charge_full=3000000 \
		current_now=1000000 voltage_now=12000000
	is_battery '[66.7, 7200, false, "discharging"]'
	rm sys/class/power_supply/BAT0/current_now
	files power_supply/BAT0 power_now=24000000
	is_battery '[66.7, 3600, false, "discharging"]'
	rm sys/class/power_supply/BAT0/charge_{now,full}
	files power_supply/BAT0 energy_now=24000000 energy_full=48000000 current_now=500000
	rm sys/class/power_supply/BAT0/power_now
	is_battery '[50, 14400, false, "discharging"]'
}

@test "battery: by capacity and the kernel's own estimate, in seconds" {
	files power_supply/BAT0 type=Battery status=Discharging capacity=88 time_to_empty_now=5400
	is_battery '[88, 5400, false, "discharging"]'
	files power_supply/BAT0 energy_now=5 energy_full=0
	is_battery '[88, 5400, false, "discharging"]'
	rm sys/class/power_supply/BAT0/{capacity,time_to_empty_now}
	is_battery '[null, null, false, "discharging"]'
}

@test "battery: plugged in by the mains, by USB, else by its status" {
	files power_supply/BAT0 type=Battery status=Unknown capacity=50 energy_now=1 energy_full=2 power_now=1
	is_battery '[50, 3600, null, null]'
	files power_supply/BAT0 status=Charging
	is_battery '[50, null, true, "charging"]'
	says r '.battery[0].unavailable.secsleft == "not_applicable"'
	files power_supply/BAT0 status=Full
	is_battery '[50, null, true, "full"]'
	files power_supply/BAT0 'status=Not charging'
	is_battery '[50, null, true, "not charging"]'
	files power_supply/ADP1 type=Mains online=0
	is_battery '[50, 3600, false, "not charging"]'
	files power_supply/USBC000:001 type=USB online=1
	is_battery '[50, null, true, "not charging"]'
	files power_supply/USBC000:001 online=0
	files power_supply/ADP1 online=1
	is_battery '[50, null, true, "not charging"]'
	# A USB port without a cable alone says nothing.
	rm -r sys/class/power_supply/ADP1
	files power_supply/BAT0 status=Discharging
	is_battery '[50, 3600, false, "discharging"]'
	files power_supply/BAT0 status=Charging
	is_battery '[50, null, true, "charging"]'
}

@test "battery: several, those of mice behind" {
	files power_supply/AC type=Mains online=1
	files power_supply/hidpp_battery_0 type=Battery scope=Device status=Discharging capacity=70
	files power_supply/A_BAT1 type=Battery scope=System status=Full capacity=100
	files power_supply/BAT0 type=Battery status=Charging capacity=40
	files power_supply/ups type=UPS capacity=3
	read_topic battery -O
	says r '[.battery[] | [.name, .percent, .power_plugged, .scope]] == [["A_BAT1", 100, true, "system"],
		["BAT0", 40, true, "system"], ["hidpp_battery_0", 70, false, "device"]]'
	run -0 prockit sysinfo --openmetrics --sys="$PWD/sys" battery
	[[ $output == *'node_power_supply_capacity{power_supply="BAT0"} 40.0'$'\n'* ]]
}

@test "battery: uevent has all of it in one file, and comes first" {
	files power_supply/BAT0 'uevent=POWER_SUPPLY_NAME=BAT0
POWER_SUPPLY_TYPE=Battery
POWER_SUPPLY_STATUS=Discharging
POWER_SUPPLY_ENERGY_FULL_DESIGN=9
POWER_SUPPLY_ENERGY_FULL=40000000
POWER_SUPPLY_POWER_NOW=10000000
POWER_SUPPLY_ENERGY_NOW=10000000' energy_now=5
	is_battery '[25, 3600, false, "discharging"]'
}

@test "battery: a tree without types, by names" {
	files power_supply/BAT0 status=Discharging capacity=12
	files power_supply/cpcap_battery capacity=13
	files power_supply/AC0 online=1
	read_topic battery
	says r '[.battery[] | [.name, .percent, .power_plugged]] == [["BAT0", 12, true], ["cpcap_battery", 13, true]]'
}

@test "battery: uevent cut at any byte is still JSON" {
	local text='POWER_SUPPLY_TYPE=Battery
POWER_SUPPLY_STATUS=Discharging
POWER_SUPPLY_CAPACITY=55
' i
	for ((i = 0; i <= ${#text}; i++)); do
		files power_supply/BAT0
		printf %s "${text:0:i}" >sys/class/power_supply/BAT0/uevent
		read_topic battery
		says r '.battery | length <= 1 and all(.[]; .percent | IN(null, 5, 55))'
	done
	says r '.battery[0].percent == 55'
}

@test "sensors: psutil sees the same on this machine" {
	/usr/bin/python3 -c 'import psutil' 2>/dev/null || skip 'python3-psutil is not installed'
	/usr/bin/python3 -c 'import json, psutil; b = psutil.sensors_battery(); print(json.dumps([
		sum(map(len, psutil.sensors_fans().values())), b is not None]))' >theirs
	prockit sysinfo fans battery --json >r
	# psutil drops what it cannot read, and takes no battery by its type.
	jq -e --slurpfile theirs theirs '
		([.fans[] | select(.current != null)] | length) == $theirs[0][0] and
		($theirs[0][1] == false or .battery != [])' r
}
