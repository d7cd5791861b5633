#!/bin/sh
# As in the official image: a package installed during a build must not start its service.
exit 101
