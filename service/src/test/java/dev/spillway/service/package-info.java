@NullMarked
package dev.spillway.service;

import org.jspecify.annotations.NullMarked;
