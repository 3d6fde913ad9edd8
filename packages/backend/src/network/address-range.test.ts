import assert from "node:assert/strict";
import { test } from "node:test";
import { canonicalAddress, rangeOf } from "./address-range.ts";

test("addresses of the internet are public, in both families", () => {
  for (const address of ["1.1.1.1", "93.184.215.14", "172.32.0.1", "100.128.0.1", "2606:4700::1111"]) {
    assert.equal(rangeOf(address), "public", address);
  }
});

test("addresses of this machine, this house and this cloud are not", () => {
  const expected: Record<string, string> = {
    "127.0.0.1": "loopback",
    "127.255.0.9": "loopback",
    "::1": "loopback",
    "0.0.0.0": "unspecified",
    "::": "unspecified",
    "10.1.2.3": "private",
    "172.31.255.255": "private",
    "192.168.0.1": "private",
    "fd12::1": "private",
    "169.254.1.1": "link-local",
    "fe80::1": "link-local",
    "169.254.169.254": "metadata",
    "100.100.100.200": "metadata",
    "168.63.129.16": "metadata",
    "fd00:ec2::254": "metadata",
    "100.64.0.1": "shared",
    "224.0.0.251": "multicast",
    "ff02::1": "multicast",
    "255.255.255.255": "reserved",
    "203.0.113.7": "reserved",
    "2001:db8::1": "reserved",
  };
  for (const [address, range] of Object.entries(expected)) assert.equal(rangeOf(address), range, address);
});

test("an IPv4 address does not hide in an IPv6 address", () => {
  assert.equal(rangeOf("::ffff:169.254.169.254"), "metadata");
  assert.equal(rangeOf("::ffff:7f00:1"), "loopback");
  assert.equal(rangeOf("0:0:0:0:0:ffff:10.0.0.1"), "private");
  assert.equal(rangeOf("64:ff9b::10.0.0.1"), "private");
  assert.equal(rangeOf("64:ff9b::1"), "unspecified");
  assert.equal(rangeOf("64:ff9b::101:101"), "public");
  assert.equal(rangeOf("64:ff9b:1::101:101"), "reserved");
  assert.equal(rangeOf("2002:7f00:1::1"), "reserved");
  assert.equal(rangeOf("2001:0:7f00:1::1"), "reserved");
  assert.equal(rangeOf("::7f00:1"), "reserved");
});

test("what is no address, or names an interface, is not public", () => {
  for (const text of ["", "example.com", "0x7f.1", "2130706433", "fe80::1%lo", "2606:4700::1%eth0"]) {
    assert.equal(rangeOf(text), "reserved", text);
  }
});

test("all spellings of an IPv6 address are one", () => {
  assert.equal(canonicalAddress("2606:4700:0:0:0:0:0:1111"), "2606:4700::1111");
  assert.equal(canonicalAddress("0::1"), "::1");
});
