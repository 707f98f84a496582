//! Runs that are killed or interrupted and resumed, through the binary. Each measures for about two seconds.

mod interrupted;
mod killed;
mod orphaned;
mod small_run;
