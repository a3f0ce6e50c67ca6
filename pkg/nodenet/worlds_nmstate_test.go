// Copyright The Wukong Authors.
// SPDX-License-Identifier: Apache-2.0

package nodenet

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/novasphere/wukong/pkg/nodenet/hostnet"
)

// work is a policy that a node's handler has something to do for.
type work struct {
	node   *heldNode
	policy string
}

func (n *heldNode) works() bool { return n.ready && n.handler }

// backlog returns what handlers have to do.
func (c *cluster) backlog() []work {
	var todo []work
	if !c.served {
		return nil
	}
	names := slices.Sorted(maps.Keys(c.policies))
	for _, node := range c.nodes {
		if !node.works() {
			continue
		}
		for _, name := range names {
			policy, report := c.policies[name], c.reports[reportKey{node.name, name}]
			matches := node.matches(policy.Bridge.NodeSelector)
			done := report != nil && report.settled && report.Generation == policy.generation
			if matches && !done || !matches && report != nil || policy.reason == "" {
				todo = append(todo, work{node, name})
			}
		}
	}
	return todo
}

// handle lets a node's handler do the next thing for a policy.
func (c *cluster) handle(w work) {
	policy, key := c.policies[w.policy], reportKey{w.node.name, w.policy}
	report := c.reports[key]
	defer c.summarise(w.policy)
	switch {
	case !w.node.matches(policy.Bridge.NodeSelector):
		delete(c.reports, key)
	case report == nil || report.Generation != policy.generation:
		fresh := &nodeReport{Enactment: Enactment{Node: w.node.name, Generation: policy.generation, State: progressing, Since: c.clock}}
		if report != nil {
			fresh.found = report.found
		}
		c.reports[key] = fresh
	case report.settled:
	case c.tooManyFailed(w.policy):
		report.State, report.Since, report.settled = aborted, c.clock, true
		c.say("%s aborts %s", w.node.name, w.policy)
	default:
		c.apply(w.node, w.policy, report)
	}
}

// tooManyFailed reports whether handlers that have not tried yet give up, as maxUnavailable says.
func (c *cluster) tooManyFailed(name string) bool {
	policy := c.policies[name]
	total, bad := 0, 0
	for _, node := range c.nodes {
		report := c.reports[reportKey{node.name, name}]
		if report == nil || report.Generation != policy.generation {
			continue
		}
		total++
		if report.settled && report.State == failed {
			bad++
		}
	}
	return bad > 0 && bad >= maxUnavailable(policy.Bridge.MaxUnavailable, total)
}

func maxUnavailable(text string, total int) int {
	percent := 50
	if text != "" {
		number, err := strconv.Atoi(strings.TrimSuffix(text, "%"))
		if err == nil && !strings.HasSuffix(text, "%") {
			return number
		}
		percent = number
	}
	return max(1, (total*percent+99)/100)
}

// apply lets nmstate do what a policy says, or fail.
func (c *cluster) apply(node *heldNode, name string, report *nodeReport) {
	policy := c.policies[name]
	message := ""
	if report.found == nil {
		report.found = node.now.capture(policy.Bridge, policy.Form)
	}
	switch {
	case node.failing || !c.healed && c.chance(c.rates.failure):
		message = "connection to NetworkManager timed out"
	default:
		c.beforeApply(node, policy)
		next, err := node.now.apply(policy.Bridge, policy.Form, report.found)
		c.compare(node, policy, report, next, err)
		if err != nil {
			message = err.Error()
			break
		}
		c.afterApply(node, policy, node.now, next)
		node.now = next
	}
	report.Since = c.clock
	report.tried++
	switch {
	case message == "":
		report.State, report.Message, report.settled = applied, "", true
	case report.tried < 2 && c.chance(50):
		report.State, report.Message = retrying, message
	default:
		report.State, report.Message, report.settled = failed, message, true
	}
	c.say("%s: %s of %s (generation %d, %s) %s", node.name, report.State, name, report.Generation, policy.Form, message)
}

// summarise writes the policy's own condition, as each handler does after its work.
func (c *cluster) summarise(name string) {
	policy := c.policies[name]
	total, done, bad := 0, 0, 0
	for _, node := range c.nodes {
		if !node.works() || !node.matches(policy.Bridge.NodeSelector) {
			continue
		}
		total++
		report := c.reports[reportKey{node.name, name}]
		if report == nil || report.Generation != policy.generation || !report.settled {
			continue
		}
		done++
		if report.State != applied {
			bad++
		}
	}
	switch {
	case total == 0:
		policy.reason = "NoMatchingNode"
	case done < total:
		policy.reason = "Progressing"
	case bad > 0:
		policy.reason = "FailedToConfigure"
	default:
		policy.reason = "SuccessfullyConfigured"
	}
}

// reapply lets a handler do everything again that is for its node, as it does when it starts and when the node's labels
// change.
func (c *cluster) reapply(node *heldNode, reset bool) {
	for _, name := range slices.Sorted(maps.Keys(c.policies)) {
		report := c.reports[reportKey{node.name, name}]
		if report != nil {
			report.settled, report.tried, report.State, report.Since = false, 0, progressing, c.clock
		}
		if reset {
			c.policies[name].reason = ""
		}
	}
}

// dropPolicy removes a policy; handlers that run delete what they reported of it.
func (c *cluster) dropPolicy(name string) {
	delete(c.policies, name)
	for _, node := range c.nodes {
		if node.works() {
			delete(c.reports, reportKey{node.name, name})
		}
	}
}

// reportNode refreshes what NMState reports of a node.
func (c *cluster) reportNode(node *heldNode) {
	if c.served && node.works() {
		node.reported, node.reportedAt = node.now, c.step
	}
}

// lose notes that a policy goes which no claim was told of yet, or not of all its nodes: nobody can know of what it made.
func (c *cluster) lose(name string) {
	for _, node := range c.nodes {
		c.loseOn(node, name)
	}
}

func (c *cluster) loseOn(node *heldNode, name string) {
	policy := c.policies[name]
	told := slices.ContainsFunc(c.claims, func(claim *heldClaim) bool {
		made := c.claim(claim, "")
		return claim.wanted.Bridge == policy.Bridge.Name && made.PolicyName != "" && slices.Contains(made.MadeOn, node.name)
	})
	shown := node.reported != nil && has(&Node{Host: &hostnet.Node{Network: node.reported.Network}}, policy.Bridge.Name)
	if (!told || !shown) && (c.reports[reportKey{node.name, name}] != nil || node.makers[policy.Bridge.Name].ours) {
		c.tally["a node or its policy went before a claim was told of it"]++
		c.left[node.name+"/"+policy.Bridge.Name] = true
	}
}

// gone takes NMState away with everything that it stored.
func (c *cluster) gone() {
	for name := range c.policies {
		c.lose(name)
	}
	c.served, c.policies, c.foreign, c.reports = false, map[string]*heldPolicy{}, nil, map[reportKey]*nodeReport{}
	for _, node := range c.nodes {
		node.reported = nil
	}
}
