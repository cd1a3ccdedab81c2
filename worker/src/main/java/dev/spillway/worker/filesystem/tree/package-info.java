/**
 * Directory trees and the ways to walk, measure, copy, rename and sync them, with the sources that a host may take. Ids, areas of the store and
 * archives do not belong here.
 */
@NullMarked
package dev.spillway.worker.filesystem.tree;

import org.jspecify.annotations.NullMarked;
