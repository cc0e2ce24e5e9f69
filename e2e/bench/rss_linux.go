package main

// maxrssUnit is the unit of ru_maxrss in bytes: kilobytes on Linux (getrusage(2)).
const maxrssUnit = 1024
